/** The first digit of a code says where to look. */
export interface Place {
  digit: string;
  title: string;
  /** A sentence or two; empty where the title says it all. */
  text: string;
}

export const places: readonly Place[] = [
  {
    digit: '1',
    title: 'The manifest',
    text: 'Found while a manifest or the configuration is read. 10 reading, 11 shape, 12 values, 13 values that must fit each other, 14 files that must fit each other.',
  },
  {
    digit: '2',
    title: 'Cgroups and the kernel',
    text: 'What this kernel cannot do, does not allow or has kept.',
  },
  {
    digit: '3',
    title: 'Starting a container',
    text: 'A start that failed. Everything of the attempt is removed before the error is shown.',
  },
  { digit: '4', title: 'Running a container', text: 'What happened to a container that had started.' },
  { digit: '5', title: 'Packages and repositories', text: '' },
  { digit: '6', title: 'The console and the command line', text: '' },
  { digit: '7', title: 'The environment', text: 'What is missing around Thuban.' },
  { digit: '9', title: 'A bug in Thuban', text: 'Please report it with the text that is printed.' },
];
