/** The most instructions that the kernel takes (BPF_MAXINSNS). */
export const MAX_INSTRUCTIONS = 4096;

/** linux/bpf_common.h: class, size or source, and operation of an instruction of classic BPF, in one number. */
export const Op = {
  /** A word of struct seccomp_data, by its offset, into the accumulator. */
  LOAD: 0x20,
  JUMP: 0x05,
  JUMP_EQUAL: 0x15,
  JUMP_GREATER: 0x25,
  JUMP_GREATER_OR_EQUAL: 0x35,
  JUMP_ANY_BIT: 0x45,
  RETURN: 0x06,
} as const;

export type Comparison = typeof Op.JUMP_EQUAL | typeof Op.JUMP_GREATER_OR_EQUAL | typeof Op.JUMP_ANY_BIT;

/** struct sock_filter */
export interface Instruction {
  op: number;
  /** How many instructions are left out when the comparison holds, and when it does not. */
  yes: number;
  no: number;
  value: number;
}

/** A place in a program: how many instructions come after it. */
export type Place = number & { readonly unit: 'place' };

/** Most that a comparison can leave out; only an unconditional jump goes further. */
const LONGEST = 255;
const INSTRUCTION = 8;

/**
 * A program of classic BPF, written from its end to its beginning: it can only jump forward, so whatever an instruction leads to is there
 * before it.
 */
export class Assembler {
  readonly #backwards: Instruction[] = [];
  readonly #returns = new Map<number, Place>();

  /** Ends with this value. The same end is written once as long as it is in reach of a short jump. */
  return(value: number): Place {
    const there = this.#returns.get(value);
    if (there !== undefined && this.#distance(there) <= LONGEST) return there;
    const place = this.#put({ op: Op.RETURN, yes: 0, no: 0, value });
    this.#returns.set(value, place);
    return place;
  }

  /** Loads a word and goes on with `next`. */
  load(offset: number, next: Place): Place {
    this.#lead(next);
    return this.#put({ op: Op.LOAD, yes: 0, no: 0, value: offset });
  }

  /** Compares the accumulator. */
  compare(op: Comparison, value: number, yes: Place, no: Place): Place {
    if (yes === no) return yes;
    const to = { yes, no };
    // Each jump that is put between moves the other target one further away.
    for (;;) {
      const farther = to.yes < to.no ? 'yes' : 'no';
      if (this.#distance(to[farther]) <= LONGEST) break;
      to[farther] = this.#jump(to[farther]);
    }
    return this.#put({ op, yes: this.#distance(to.yes), no: this.#distance(to.no), value });
  }

  /** From its beginning on. */
  get instructions(): Instruction[] {
    return this.#backwards.toReversed();
  }

  /** As the kernel reads it: struct sock_filter, little-endian. */
  encode(): Buffer {
    const bytes = Buffer.alloc(this.#backwards.length * INSTRUCTION);
    this.instructions.forEach(({ op, yes, no, value }, index) => {
      const at = index * INSTRUCTION;
      bytes.writeUInt16LE(op, at);
      bytes.writeUInt8(yes, at + 2);
      bytes.writeUInt8(no, at + 3);
      bytes.writeUInt32LE(value, at + 4);
    });
    return bytes;
  }

  /** What the next instruction to be written would leave out to get there. */
  #distance(to: Place): number {
    return this.#backwards.length - 1 - to;
  }

  /** Makes `next` the instruction that follows. */
  #lead(next: Place): void {
    if (this.#distance(next) > 0) this.#jump(next);
  }

  #jump(to: Place): Place {
    return this.#put({ op: Op.JUMP, yes: 0, no: 0, value: this.#distance(to) });
  }

  #put(instruction: Instruction): Place {
    this.#backwards.push(instruction);
    return (this.#backwards.length - 1) as Place;
  }
}
