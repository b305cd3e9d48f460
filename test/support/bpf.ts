import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** bpf(2) by way of Perl, which has `syscall`: another eye than the launcher's own. */
const PERL = `
use strict;
my %numbers = (x64 => 321, arm64 => 280, arm => 386);
my ($arch, $group) = @ARGV;
my $bpf = $numbers{$arch};
sub address { my $p = pack('p', $_[0]); return length $p == 8 ? $p : $p . pack('L', 0) }
sub call { return syscall($bpf, $_[0], $_[1], length $_[1]) }
sub name {
  my $attr = pack('L x252', $_[0]);
  my $fd = call(13, $attr);
  return undef if $fd < 0;
  my $info = "\\0" x 512;
  my $ask = pack('L L', $fd, length $info) . address($info) . "\\0" x 240;
  my $failed = call(15, $ask);
  syscall($arch eq 'x64' ? 3 : $arch eq 'arm64' ? 57 : 6, $fd);
  return $failed ? undef : unpack('Z16', substr($info, 64, 16));
}
my @ids;
if (defined $group) {
  sysopen(my $folder, $group, 0) or die "$group: $!";
  my $ids = "\\0" x 256;
  my $attr = pack('L L L L', fileno($folder), 6, 0, 0) . address($ids) . pack('L x228', 64);
  call(16, $attr) == 0 or die "query: $!";
  @ids = unpack('L' . unpack('L', substr($attr, 24, 4)), $ids);
} else {
  for (my $id = 0;;) {
    my $attr = pack('L x252', $id);
    last if call(11, $attr) < 0;
    $id = unpack('L', substr($attr, 4, 4));
    push @ids, $id;
  }
}
print join("\\n", grep { defined } map { name($_) } @ids);
`;

/** The reason to skip, or false. */
export const needsPerl: string | false =
  spawnSync('perl', ['-e', '1']).status === 0 ? false : 'perl is missing: apt-get install perl-base';

/** Names of the device programs that are attached to a group, or without one of all programs that the kernel holds. */
export function programNames(group?: string): string[] {
  const { status, stdout, stderr } = spawnSync(
    'perl',
    ['-e', PERL, process.arch, ...(group === undefined ? [] : [group])],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Programs of ours that the kernel holds, attached or not. */
export function ownPrograms(): number {
  return programNames().filter((name) => name === 'thuban_devices').length;
}
