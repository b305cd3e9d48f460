import type { Code } from '../base/index.ts';
import type { Step } from '../launcher/index.ts';

export interface Explanation {
  code: Code;
  message: string;
  hint?: string;
  /** A manifest key that says more than the step's own. */
  key?: string;
}

type ImageStep = Step & { op: 'root_image' | 'root_overlay' | 'image' };

export function isAboutImage(step: Step): step is ImageStep {
  return step.op === 'root_image' || step.op === 'root_overlay' || step.op === 'image';
}

/** What concerns the image of a package, and the root over it. */
export function explainImage(errno: string, step: ImageStep, why: string): Explanation {
  if (step.op === 'root_overlay') {
    const lacks = `the image of the package lacks some of ${step.if_missing.join(', ')}`;
    if (errno === 'ENODEV')
      return {
        code: 'TH3004',
        message: `${lacks}, and this kernel has no overlayfs to make them`,
        hint: 'make these folders and files in the image, or load the module: modprobe overlay',
      };
    return { code: 'TH3004', message: `${lacks}, and they cannot be made over it: ${why}` };
  }
  const { file } = step.image;
  const where = step.op === 'image' ? `mount \`${step.target}\`: ` : '';
  switch (errno) {
    case 'ESTALE':
      return {
        code: 'TH5003',
        message: `${where}\`${file}\` was changed, replaced or removed since it was checked`,
        hint: 'put the package there again, under a new name first and then renamed, and restart the daemon',
      };
    case 'ETXTBSY':
      return {
        code: 'TH5010',
        message: `${where}\`${file}\` is open for writing, so it could be changed while it is in use`,
        hint: `copy it and rename the copy: cp ${file} ${file}.new && mv ${file}.new ${file}`,
      };
    case 'ENXIO':
      return {
        code: 'TH3004',
        message: `${where}this kernel has no loop devices, so \`${file}\` cannot be mounted`,
        hint: 'modprobe loop, or build the kernel with CONFIG_BLK_DEV_LOOP',
      };
    case 'ENODEV':
      return {
        code: 'TH3004',
        message: `${where}this kernel does not know squashfs, so \`${file}\` cannot be mounted`,
        hint: 'modprobe squashfs, or build the kernel with CONFIG_SQUASHFS',
      };
    case 'EINVAL':
    case 'EIO':
      return {
        code: 'TH3004',
        message: `${where}the image in \`${file}\` is damaged, or compressed in a way that this kernel does not know (${errno})`,
        hint: 'dmesg says which; mksquashfs -comp gzip is known to every kernel with squashfs',
      };
  }
  if (step.op === 'image' && (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP'))
    return {
      code: 'TH3004',
      message: `${where}there is no directory \`${step.dir}\` in the image of \`${file}\``,
      hint: `unsquashfs -l -o ${step.image.offset} ${file}`,
    };
  return { code: 'TH3004', message: `${where}cannot mount the image of \`${file}\`: ${why}` };
}
