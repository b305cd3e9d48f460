import type { Pages } from './page.ts';

/** TH10: from bytes to YAML. TH11: from YAML to the keys that there are. */
export const reading: Pages<'10' | '11'> = {
  TH1001: {
    causes: [
      'A bracket, brace or quote that is open at the end of the line or of the file.',
      'A text that begins with a character which YAML uses itself: `*`, `&`, `@`, `%`, `{`, `[`.',
      'A key that is indented further or less than the other keys of its map, or that has no blank after its colon.',
    ],
    example: { type: 'manifest', bad: ['args: [--width, 640'], good: ['args: [--width, 640]'] },
    fixes: [
      'Look at the place that is named, and at the line above it.',
      "Quote a text that begins with a special character: `'*/15 * * * *'`.",
      'Only the first such place is told, because nothing behind it can be trusted: validate again afterwards.',
    ],
  },
  TH1002: {
    causes: [
      'The file is no manifest: a log, an image or a data file under the wrong name.',
      'Something was written into the manifest that belongs into a file of its own.',
      'A repository holds more manifests than are read, or the YAML has more values than a manifest can need.',
    ],
    example: {
      type: 'commands',
      bad: ["head -c 2M /dev/zero | tr '\\0' '#' >> camera.yaml"],
      good: ["sed -i '/^##/d' camera.yaml"],
    },
    fixes: [
      'See what it is: `ls -l FILE`, then `head -c 300 FILE`.',
      'Put data into a file of its own and mount it: `type: bind`, or `thuban pack --root`.',
    ],
  },
  TH1003: {
    causes: ['The editor wrote a tab where the tab key was pressed. YAML allows only spaces in front of a key.'],
    example: {
      type: 'manifest',
      bad: ['cgroups:', '\tpids: {limit: 32}'],
      good: ['cgroups:', '  pids: {limit: 32}'],
    },
    fixes: [
      "Replace each tab by two spaces: `sed -i 's/\\t/  /g' FILE`.",
      'Let the editor write spaces in YAML: in vim `:set expandtab shiftwidth=2`.',
    ],
  },
  TH1004: {
    causes: [
      'The file has a line `---` between two manifests.',
      'Several files were joined into one, for example by `cat a.yaml b.yaml > all.yaml`.',
    ],
    example: {
      type: 'manifest',
      bad: ['rootfs: host', '---', 'name: gateway'],
      good: ['rootfs: host'],
    },
    fixes: ['Write one file per container, and put them all into the folder of the repository.'],
  },
  TH1005: {
    causes: [
      'Aliases stand for lists that hold aliases themselves, so that a few lines mean millions of values.',
      'An alias is used more often than a manifest can need.',
    ],
    example: {
      type: 'manifest',
      bad: [
        'capabilities: &a [x, x, x, x, x, x, x, x, x, x]',
        'suppl_groups: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]',
        'args: [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]',
      ],
      good: ['args: [--retries, "3"]'],
    },
    fixes: ['Write the value out where it is needed, and remove the `&name` and `*name`.'],
  },
  TH1006: {
    causes: [
      'The same section was written in two places of a long file.',
      'Lines were pasted below a key that was there already.',
      'A capability or a group stands twice in its list.',
    ],
    example: {
      type: 'manifest',
      bad: ['env: {PORT: "8080"}', 'env: {HOST: 10.0.0.2}'],
      good: ['env: {PORT: "8080", HOST: 10.0.0.2}'],
    },
    fixes: ['Merge both maps under one key. Both places are named in the message.'],
  },
  TH1007: {
    causes: [
      'The file was saved in another encoding: Latin-1, or the UTF-16 of some editors on Windows.',
      'The file is no text at all.',
    ],
    example: {
      type: 'commands',
      bad: ["printf '# caf\\351\\n' >> camera.yaml"],
      good: ['iconv -f LATIN1 -t UTF-8 camera.yaml > camera.new', 'mv camera.new camera.yaml'],
    },
    fixes: [
      'Find the byte at the place that is named: `hexdump -C FILE | less`.',
      'Save the file as UTF-8, or convert it: `iconv -f LATIN1 -t UTF-8 FILE > NEW`.',
    ],
  },
  TH1008: {
    causes: [
      'The name is mistyped, or the path begins in another folder than expected.',
      'You are not root, and the file or a folder above it may not be read by others.',
      'It is a folder, a socket or a device, not a regular file.',
      'The file changed while it was read.',
    ],
    example: {
      type: 'commands',
      bad: ['mv camera.yaml camera.yml'],
      good: ['mv camera.yml camera.yaml'],
    },
    fixes: [
      'See what is there: `ls -l FILE`, and `namei -l FILE` for the folders above it.',
      'A file that changes is read again as soon as it holds still: write it under another name, then rename it.',
    ],
  },
  TH1101: {
    causes: [
      'A list stands where a map belongs, or the other way round. `mounts` and `env` are maps by name, `args` is a list.',
      'A text stands where a number or `true` belongs. `yes` and `on` are texts in YAML 1.2.',
      'A command is written as one text. It is a path in `init` and a list in `args`; no shell takes it apart.',
    ],
    example: { type: 'manifest', bad: ['args: --width 640'], good: ['args: [--width, 640]'] },
    fixes: ['Write the form that the hint shows. The message says what was found, and what is expected.'],
  },
  TH1102: {
    causes: [
      'A slip of the keyboard. The message names the key that was probably meant.',
      'A key stands at the wrong depth: `memory_hard_limit` belongs below `cgroups.memory`.',
      'A key of Docker Compose. The hint says what it is called here.',
      'A key of another type of mount: `size` belongs to `tmpfs`, `host` to `bind`.',
    ],
    example: {
      type: 'manifest',
      bad: ['cgroups:', '  memory:', '    memroy_hard_limit: 64 MiB', '    memory_swap_limit: 64 MiB'],
      good: ['cgroups:', '  memory:', '    memory_hard_limit: 64 MiB', '    memory_swap_limit: 64 MiB'],
    },
    fixes: [
      'Take the suggestion, or one of the keys that the hint lists.',
      'See all keys in docs/reference/manifest.md, those of the daemon in docs/reference/configuration.md.',
    ],
  },
  TH1103: {
    causes: [
      'A value has a tag, `!word`, that the language does not have. The tags that it has are listed in the hint.',
      'An exclamation mark at the beginning of a text, which YAML reads as a tag.',
    ],
    example: { type: 'manifest', bad: ['args: [!important now]'], good: ['args: ["!important now"]'] },
    fixes: ['Remove the tag, or quote the text.'],
  },
  TH1104: {
    causes: [
      'The key is mandatory: `name`, `version`, `uid` and `gid` in every manifest, `host` in a bind, `size` in a tmpfs.',
      'The key is there, but further down: look at its indentation.',
    ],
    example: {
      type: 'manifest',
      whole: true,
      bad: ['name: camera', 'version: 1.0.0', 'init: /bin/sh', 'rootfs: host', 'gid: 1000'],
      good: ['name: camera', 'version: 1.0.0', 'init: /bin/sh', 'rootfs: host', 'uid: 1000', 'gid: 1000'],
    },
    fixes: ['Add the line that the hint shows. No user is chosen for you: root is not allowed without being named.'],
  },
  TH1107: {
    causes: [
      'The key or value is part of the language, and this version of Thuban has no part that carries it out.',
      'The manifest was written for Northstar or for a newer Thuban.',
    ],
    example: { type: 'manifest', bad: ['autostart: relaxed', 'standby: true'], good: ['autostart: relaxed'] },
    fixes: [
      'Remove the key to start now. It is refused rather than ignored, because a container would run with less than it asks for.',
      'The list of such keys is in docs/reference/manifest.md. Your version: `thuban version`.',
    ],
  },
};
