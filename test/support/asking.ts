import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needsRoot } from './root.ts';
import { until } from './processes.ts';
import type { TestDaemon } from './daemon.ts';

const hasPerl = spawnSync('perl', ['-MSocket', '-e', '0']).status === 0;

export function needsRootAndPerl(): { skip: string | false } {
  return hasPerl ? needsRoot() : { skip: 'needs perl, which takes a socket by its descriptor' };
}

/**
 * The program of a container that asks its console what a file `ask-N` in /mnt says, `socket` or `fd`, method, path and body, and writes the
 * answer into its log: `N: 403 TH6002 list {...}`.
 */
const PROGRAM = `
$| = 1; $SIG{PIPE} = "IGNORE"; $SIG{TERM} = sub { exit 0 };
open(my $inherited, "+<&=", $ENV{THUBAN_CONSOLE}) or die "no descriptor";
sub answer {
  my ($s, $method, $path, $body) = @_;
  my $length = length $body;
  my $more = $length ? "Content-Type: application/json\\r\\nContent-Length: $length\\r\\n" : "";
  defined syswrite($s, "$method $path HTTP/1.1\\r\\nHost: t\\r\\n$more\\r\\n$body") or return "write: $!";
  my $text = "";
  until ($text =~ /\\r\\n\\r\\n/) {
    my $n = sysread($s, $text, 65536, length $text);
    return defined $n ? "closed" : "read: $!" unless $n;
  }
  my ($head, $json) = split /\\r\\n\\r\\n/, $text, 2;
  my ($size) = $head =~ /content-length: (\\d+)/i;
  while (defined $size && length $json < $size) { sysread($s, $json, 65536, length $json) or return "cut" }
  my ($status) = $head =~ / (\\d+)/; my ($code) = $json =~ /"code":"(TH\\d+)"/; my ($permission) = $json =~ /"permission":"(\\w+)"/;
  return join " ", grep { defined } $status, $code, $permission, substr($json, 0, 400);
}
my %done; opendir(my $old, "/mnt") or die $!; $done{$_}++ for readdir $old;
print "ready\\n";
while (1) {
  opendir(my $d, "/mnt") or die $!;
  for my $name (sort grep { /^ask-/ && !$done{$_}++ } readdir $d) {
    open(my $f, "<", "/mnt/$name") or die $!; my ($how, $method, $path, $body) = split / /, <$f>, 4;
    my $s;
    if ($how eq "socket") {
      socket($s, AF_UNIX, SOCK_STREAM, 0);
      if (!connect($s, pack_sockaddr_un("/run/thuban/console.sock"))) { print "$name: connect: $!\\n"; next }
    } else { $s = $inherited }
    print "$name: ", answer($s, $method, $path, $body // ""), "\\n";
  }
  select undef, undef, undef, 0.01;
}
`;

/** Manifest sections of that program: `daemon.add(name, '', asking(daemon, permissions))`. */
export function asking(daemon: TestDaemon, permissions: 'full' | string[]): Record<string, unknown> {
  return {
    init: '/usr/bin/perl',
    args: ['-MSocket', '-e', PROGRAM],
    mounts: { '/mnt': { type: 'bind', host: daemon.shared } },
    console: { permissions },
    stop: { signal: 'SIGTERM', timeout: 5 },
  };
}

let asked = 0;

/** Has it ask, and gives the number under which the answer will stand in its log. */
export function haveAsked(daemon: TestDaemon, how: 'socket' | 'fd', method: string, path: string, body = ''): string {
  const number = `ask-${String(++asked).padStart(4, '0')}`;
  writeFileSync(join(daemon.folder.path, number), `${how} ${method} ${path} ${body}`, { mode: 0o644 });
  renameSync(join(daemon.folder.path, number), join(daemon.shared, number));
  return number;
}

/** Has it ask, and gives what it was told. */
export async function hear(
  daemon: TestDaemon,
  name: string,
  ...request: [how: 'socket' | 'fd', method: string, path: string, body?: string]
): Promise<string> {
  const number = haveAsked(daemon, ...request);
  let line: string | undefined;
  await until(`${name} is answered`, async () => {
    line = (await daemon.lines(name)).find((one) => one.startsWith(`${number}: `));
    return line !== undefined;
  });
  return (line ?? '').slice(number.length + 2);
}
