import type { IncomingMessage } from 'node:http';
import { messageOf } from '../../base/index.ts';
import { connectionLost, notThuban } from './no-daemon.ts';

/** A record is a line of output (16 KiB by default) or an event, never near to this. Counted in UTF-16 units. */
const LONGEST_LINE = 4 * 1024 * 1024;

/** The records of an NDJSON answer. Nothing is read ahead of the caller; who stops early closes the connection. */
export async function* readRecords(answer: IncomingMessage, socketPath: string): AsyncGenerator {
  answer.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of answer as AsyncIterable<string>) {
      let start = 0;
      for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
        const line = rest + chunk.slice(start, end);
        rest = '';
        start = end + 1;
        yield parse(line, socketPath);
      }
      rest += chunk.slice(start);
      if (rest.length > LONGEST_LINE) throw notThuban(socketPath, `a line of more than ${LONGEST_LINE} characters`);
    }
  } catch (error) {
    throw connectionLost(socketPath, error);
  }
  if (rest !== '') throw connectionLost(socketPath, new Error('the last line is not complete'));
}

function parse(line: string, socketPath: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw notThuban(socketPath, messageOf(error));
  }
}
