import type { Pages } from './page.ts';

/** TH5: packages, keys and repositories. */
export const packaging: Pages<'5'> = {
  TH5001: {
    causes: [
      'The repository has `require_signature`, and the file was never signed.',
      'The manifest was changed after it was signed, or its `.sig` is of another version of it.',
      'The signature was copied incompletely.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban verify --key vendor.pub camera.yaml',
        'error[TH5001]: the signature of key 3c9f0a517be2d684 does not fit',
        '  the manifest',
      ],
    },
    fixes: [
      'Sign it again where the private key is: `thuban key sign --key NAME.key camera.yaml`, `thuban pack --key NAME.key`.',
      'Check it with the public key before it is copied: `thuban verify --key NAME.pub FILE`.',
    ],
  },
  TH5002: {
    causes: [
      'The public key of the signer is not among the `keys` of the repository.',
      'The key was replaced, and this file is still signed with the old one.',
    ],
    example: {
      type: 'session',
      text: [
        '# thuban.yaml',
        'repositories:',
        '  default: {dir: /var/lib/thuban/repository, keys: [/etc/thuban/a.pub]}',
        '# and the file was signed with b.key',
      ],
    },
    fixes: [
      'If you trust the signer, add the key to `repositories.ID.keys` in thuban.yaml and start the daemon again: `thuban shutdown --keep`.',
      'If you do not know the key, do not: ask where the file comes from.',
    ],
  },
  TH5003: {
    causes: [
      'The file was damaged on its way or on its flash.',
      'Somebody changed it, or replaced it in place, while it was in use.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban verify camera-2.1.0.tar',
        'error[TH5003]: entry `rootfs.squashfs` is not the one that was packed:',
        '  its checksum is another',
        '$ sha256sum camera-2.1.0.tar     # compare with that of the maker',
      ],
    },
    fixes: [
      'Copy or download it again, and check it: `thuban verify FILE`.',
      'Replace a package by renaming: copy it to a name without `.tar`, then `mv` it. Or `thuban install FILE`.',
      'If it happens again, look at the disk: `dmesg | grep -i error`.',
    ],
  },
  TH5004: {
    causes: [
      'The package was made by `tar` and not by `thuban pack`, so that entries, their order or their form are others.',
      'An entry leads out of the package, or is a link or a device: somebody tries something.',
      'The image is no squashfs 4 image.',
    ],
    example: {
      type: 'session',
      text: ['$ tar -tvf camera-2.1.0.tar', '$ thuban inspect ./camera-2.1.0.tar'],
    },
    fixes: [
      'Make it with `thuban pack MANIFEST --root DIR`.',
      'If it is not your own package, do not use it, and ask its maker.',
    ],
  },
  TH5005: {
    causes: [
      'The copy or download ended before all of it was there: a full disk, a lost connection.',
      'The manifest says `rootfs: package`, and the package was made without `--root`.',
    ],
    example: {
      type: 'session',
      text: ['$ ls -l camera-2.1.0.tar          # compare the size with the original', '$ df -h .'],
    },
    fixes: [
      'Copy it again, when there is space.',
      'Without its files: pack it again with `thuban pack MANIFEST --root DIR`.',
    ],
  },
  TH5006: {
    causes: [
      'With `--wipe`: another version of the container is installed, and the data is that of all versions.',
      'The container runs, or another one that runs mounts its files.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban uninstall maps', 'error[TH5006]: `maps:1.2.0` is used by `navigation:3.0.0`'],
    },
    fixes: ['Stop those that the message names, as the hint says: `thuban stop navigation`. Then try again.'],
  },
  TH5007: {
    causes: [
      'A container of this name and version is installed, from another build.',
      'A file of that name is in the folder, of a package that is rejected.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban install camera-2.1.0.tar',
        'error[TH5007]: `camera:2.1.0` is there already, in repository `default`',
      ],
    },
    fixes: [
      'Raise the `version` in the manifest and pack it again: what differs should be called differently.',
      'Or remove the one that is there first: `thuban uninstall camera:2.1.0`.',
    ],
  },
  TH5008: {
    causes: [
      'The repository has a `capacity_number` or `capacity_size`, and it is reached.',
      'The package is larger than `console.limits.install_size`.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban repositories',
        '$ thuban install camera-2.1.0.tar',
        'error[TH5008]: repository `default` takes 8 packages, and holds 8',
      ],
    },
    fixes: [
      'Remove what is not used; the hint names the oldest: `thuban uninstall NAME:VERSION`.',
      'Or raise the limit in thuban.yaml. A file that is too large for the console can be copied into the folder.',
    ],
  },
  TH5010: {
    causes: [
      'The file, its folder or a folder above it belongs to another user, or is writable by the group or by all.',
      'It is a symbolic link.',
      'A manifest is root on the board: whoever can write it can do anything. So it is not used, as sshd does with keys.',
    ],
    example: {
      type: 'session',
      text: [
        '$ namei -l /var/lib/thuban/repository/camera.yaml',
        'drwxrwxrwx root root repository',
        '$ chmod go-w /var/lib/thuban/repository',
      ],
    },
    fixes: ['Type what the hint says: `chown root FILE`, `chmod go-w FILE`. It is read again by itself.'],
  },
  TH5011: {
    causes: [
      'It is another tar archive: an image of Docker, a plain folder, a package that was packed again with `tar`.',
      'It was made by a later version of Thuban.',
      'It is compressed. A package is not; the image in it is.',
    ],
    example: {
      type: 'session',
      text: ['$ tar -tf camera-2.1.0.tar | head -1', 'checksums', '$ thuban version'],
    },
    fixes: ['Make the package with `thuban pack`, of the same version or an older one than the board has.'],
  },
  TH5012: {
    causes: [
      'The private key was named where the public one belongs, or the other way round.',
      'The private key may be read by others.',
      'The key is not of the kind ed25519, is encrypted, or is no PEM file.',
      '`thuban key generate` would replace a key that is there.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban pack --key vendor.key camera.yaml',
        'error[TH5012]: key file `vendor.key` has mode 0644, so others may use it',
        '$ chmod 600 vendor.key',
      ],
    },
    fixes: [
      'On a board only `NAME.pub`, for signing only `NAME.key`.',
      'A new pair: `thuban key generate NAME`. Its `.pub` then goes to the boards.',
    ],
  },
  TH5013: {
    causes: [
      'mksquashfs is missing, is older than 4.5, or ended with an error of its own.',
      'The root is neither a folder nor a tar archive that can be read.',
      'The place for the package does not exist, is full, or lies in the root itself.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban pack camera.yaml --root build/root',
        'error[TH5013]: cannot start `mksquashfs`: no such file or directory',
        '  hint: apt-get install squashfs-tools',
      ],
    },
    fixes: [
      'Install it: `apt-get install squashfs-tools`. Another one is named with `--mksquashfs`.',
      'Name another place with `-o DIR`.',
    ],
  },
  TH5014: {
    causes: ['The name is mistyped. Repositories are named in thuban.yaml; without it there is one, `default`.'],
    example: {
      type: 'session',
      text: [
        '$ thuban install --repository maps camera-2.1.0.tar',
        'error[TH5014]: there is no repository `maps`',
        '$ thuban repositories',
      ],
    },
    fixes: [
      'Take a name that `thuban repositories` lists.',
      'Or add it under `repositories` in thuban.yaml, and start the daemon again.',
    ],
  },
  TH5015: {
    causes: [
      'The file system is mounted read-only, also after an error on its disk.',
      'The folder of the repository does not exist.',
      'The unit of the daemon has `ProtectSystem=` and no `ReadWritePaths=` for it.',
    ],
    example: {
      type: 'session',
      text: ['$ findmnt -T /var/lib/thuban/repository', '$ dmesg | grep -i remount'],
    },
    fixes: [
      '`mount -o remount,rw MOUNTPOINT`, or make the folder: `install -d DIR`.',
      'Without the console: copy packages into the image of the board.',
    ],
  },
};
