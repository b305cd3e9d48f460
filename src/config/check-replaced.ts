import { isMap, mapAt } from '../manifest/index.ts';
import { originOf, type Part } from './part.ts';

/**
 * A flag that replaces all repositories must not take away what the others of them trust: whoever starts a daemon for another folder would
 * get one that runs what nobody signed, without a word.
 */
export function checkReplaced(parts: readonly Part[]): void {
  for (const [index, part] of parts.entries()) {
    if (part.replaces?.[0] !== 'repositories') continue;
    const guarded = firstGuarded(parts.slice(0, index));
    if (guarded === undefined) continue;
    const { name, key, where } = guarded;
    part.report.add(['repositories'], {
      code: 'TH1306',
      message: `it would replace the repository \`${name}\`, whose \`${key}\` (${where}) would not hold any more`,
      hint: `set \`repositories.${name}.dir\` there, or name another configuration with \`--config\``,
    });
  }
}

function firstGuarded(parts: readonly Part[]): { name: string; key: string; where: string } | undefined {
  for (const part of parts) {
    for (const [name, repository] of Object.entries(mapAt(part.input, 'repositories') ?? {})) {
      if (!isMap(repository)) continue;
      const { keys, require_signature: required } = repository;
      const key = required === true ? 'require_signature' : Array.isArray(keys) && keys.length > 0 ? 'keys' : undefined;
      if (key !== undefined) return { name, key, where: originOf(part, ['repositories', name, key]).where ?? '' };
    }
  }
  return undefined;
}
