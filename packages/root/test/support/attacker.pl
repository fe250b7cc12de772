# Makes two names change places as fast as it can, and counts how often they did, until its parent is
# gone or kills it: perl attacker.pl <tally> <verb> <pause> <first> <second>
#   exchange    both at once, by renameat2(2) with RENAME_EXCHANGE
#   renames     by three renames: for a moment the first name is nowhere
#   to and fro  one name, here and there
# <pause>: the longest sleep in microseconds between two attacks; 0: none.
use strict;
use warnings;
use POSIX ();

my ($tally, $verb, $pause, $first, $second) = @ARGV;
my %renameat2 = (x86_64 => 316, aarch64 => 276, riscv64 => 276);
my ($at_cwd, $rename_exchange) = (-100, 2);
my $number = $renameat2{(POSIX::uname())[4]} // -1;
my $spare = "$second.spare";
my $parent = getppid();
my $away = 0;
my $landed = 0;

sub attack {
  return syscall($number, $at_cwd, $first, $at_cwd, $second, $rename_exchange) == 0
    if $verb eq "exchange";
  if ($verb eq "to and fro") {
    my $done = $away ? rename($second, $first) : rename($first, $second);
    # Somebody can have put everything back to its beginning.
    $away = !$away;
    return $done;
  }
  return 0 unless rename($first, $spare);
  unless (rename($second, $first)) {
    rename($spare, $first);
    return 0;
  }
  return rename($spare, $second);
}

open(my $out, "+<", $tally) or die "$tally: $!";
for (my $round = 1; ; $round++) {
  if (attack()) {
    $landed++;
    sysseek($out, 0, 0);
    syswrite($out, pack("Q<", $landed));
  } elsif ($verb eq "exchange" && ($!{ENOSYS} || $!{EINVAL})) {
    die "renameat2: $!";
  }
  last if $round % 1024 == 0 && getppid() != $parent;
  select(undef, undef, undef, rand($pause) / 1e6) if $pause > 0;
}
