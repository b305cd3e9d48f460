import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  readCount,
  readCpuTime,
  readDuration,
  readMemoryLimit,
  readQuota,
  readRate,
  readShare,
  readSize,
  type Reading,
} from '../../../src/manifest/quantities/index.ts';

type Written = string | number;

function table(read: (written: Written) => Reading, good: [Written, number][], bad: [Written, string][]): void {
  for (const [written, value] of good)
    it(`reads ${JSON.stringify(written)} as ${value}`, () => {
      const reading = read(written);
      assert.ok('value' in reading, JSON.stringify(reading));
      assert.equal(reading.value, value);
    });
  for (const [written, code] of bad)
    it(`refuses ${JSON.stringify(written)} with ${code}`, () => {
      const reading = read(written);
      assert.ok('complaint' in reading, JSON.stringify(reading));
      assert.equal(reading.complaint.code, code);
      assert.notEqual(reading.complaint.hint, '');
    });
}

describe('sizes', () => {
  table(
    readSize,
    [
      [0, 0],
      [65536, 65536],
      ['65536', 65536],
      ['100 b', 100],
      ['100B', 100],
      ['1k', 1000],
      ['1kb', 1000],
      ['1 kB', 1000],
      ['1 KB', 1000],
      ['2m', 2e6],
      ['2 mb', 2e6],
      ['3G', 3e9],
      ['1 TB', 1e12],
      ['1ki', 1024],
      ['1KIB', 1024],
      ['64 MiB', 67108864],
      ['64Mi', 67108864],
      ['64mib', 67108864],
      ['1 GiB', 1073741824],
      ['1 TiB', 1099511627776],
      ['1.5 KiB', 1536],
      ['0.5 kB', 500],
      ['  7 kB ', 7000],
      [-1, -1],
    ],
    [
      ['', 'TH1202'],
      ['MiB', 'TH1202'],
      ['64 Megs', 'TH1202'],
      ['64 Mbit', 'TH1202'],
      ['1.5 b', 'TH1202'],
      ['0.3 KiB', 'TH1202'],
      [1.5, 'TH1202'],
      ['1e3', 'TH1202'],
      ['1_000', 'TH1202'],
      ['0x10', 'TH1202'],
      ['1 GiB 5', 'TH1202'],
      ['0777', 'TH1209'],
      ['9999 PB', 'TH1205'],
      [2 ** 60, 'TH1205'],
      ['1'.repeat(65), 'TH1202'],
    ],
  );
  for (const unit of ['k', 'M', 'g', 'T'])
    it(`warns of a bare ${unit}, which others read as a power of 1024`, () => {
      const reading = readSize(`1 ${unit}`);
      assert.ok('value' in reading);
      assert.equal(reading.warning?.code, 'TH1310');
    });
  it('does not warn of ki, which cannot be misunderstood', () => {
    assert.deepEqual(readSize('1 ki'), { value: 1024 });
  });
});

describe('memory limits', () => {
  table(
    readMemoryLimit,
    [
      ['unlimited', -1],
      [-1, -1],
      ['-1', -1],
      [0, 0],
      ['8 MiB', 8388608],
    ],
    [['infinite', 'TH1202']],
  );
});

describe('rates', () => {
  table(
    readRate,
    [
      [100, 100],
      ['1 MB', 1e6],
      ['1 MB/s', 1e6],
      ['1 MiB / s', 1048576],
    ],
    [['1 MB/h', 'TH1202']],
  );
});

describe('durations', () => {
  table(
    readDuration,
    [
      [0, 0],
      [10, 10],
      [0.25, 0.25],
      ['10', 10],
      ['250 ms', 0.25],
      ['250ms', 0.25],
      ['10 s', 10],
      ['1.5 s', 1.5],
      ['5 min', 300],
      ['1 h 30 min', 5400],
      ['1h30min', 5400],
      ['2 d', 172800],
      ['500 us', 0.0005],
      ['24 d', 2073600],
    ],
    [
      ['', 'TH1203'],
      ['5 m', 'TH1203'],
      ['ten', 'TH1203'],
      ['1 h 30', 'TH1203'],
      ['10 sec', 'TH1203'],
      ['s', 'TH1203'],
      ['010', 'TH1209'],
      [-1, 'TH1205'],
      ['25 d', 'TH1205'],
    ],
  );
});

describe('CPU times', () => {
  table(
    readCpuTime,
    [
      [100000, 100000],
      ['100 ms', 100000],
      ['1 s', 1000000],
      ['250 us', 250],
      ['0.5 ms', 500],
      ['-1', -1],
    ],
    [
      ['1 min', 'TH1204'],
      ['0.1 us', 'TH1204'],
      [1.5, 'TH1204'],
      ['', 'TH1204'],
      ['0777', 'TH1209'],
    ],
  );
});

describe('CPU quotas at a period of 100 ms', () => {
  table(
    (written) => readQuota(written, 100_000),
    [
      [20000, 20000],
      [-1, -1],
      [999, 999],
      ['20 ms', 20000],
      ['20 %', 20000],
      ['20%', 20000],
      ['150 %', 150000],
      ['33.3 %', 33300],
      ['1.5 cpus', 150000],
      ['1 cpu', 100000],
    ],
    [
      ['150 percent', 'TH1204'],
      ['0 %', 'TH1204'],
      ['-5 %', 'TH1204'],
      ['all', 'TH1204'],
      [0.5, 'TH1204'],
    ],
  );
  it('counts percentages in the given period', () => {
    assert.deepEqual(readQuota('50 %', 20_000), { value: 10_000 });
  });
});

describe('shares', () => {
  table(
    readShare,
    [
      ['20 %', 0.2],
      [0.2, 0.2],
      ['0.5', 0.5],
      [0, 0],
      [1, 1],
    ],
    [
      ['120 %', 'TH1205'],
      [-0.1, 'TH1205'],
      ['some', 'TH1201'],
    ],
  );
});

describe('counts', () => {
  table(
    (written) => readCount(written, -1),
    [
      [32, 32],
      ['unlimited', -1],
      [-99, -99],
      ['0x10', 16],
    ],
    [
      ['unlimted', 'TH1201'],
      [1.5, 'TH1201'],
      ['077', 'TH1209'],
    ],
  );
});
