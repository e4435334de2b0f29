/*
 * Regular expressions for what people type, matched in linear time whatever an administrator wrote: all ways through
 * the pattern are followed at once, character by character, and none is ever tried again (Thompson, 1968). The engine of
 * the language backtracks: `(a+)+b` and forty letters would hold the process for hours (CWE-1333).
 *
 * The connect page runs this file too, so that page and gateway cannot differ; hence no imports.
 */

type PatternReading =
  /** `matches` says whether the whole text is of the pattern. */
  | { readonly kind: "pattern"; readonly matches: (text: string) => boolean }
  /** `reason` completes a sentence that begins with "The pattern", and quotes nothing of it. */
  | { readonly kind: "refused"; readonly reason: string };

const MAX_PATTERN = 500;
const MAX_REPEAT = 1000;

/** Bounds memory and time: a text costs at most so many steps for each of its characters. */
const MAX_EDGES = 2000;

/** Header values are visible ASCII. */
const CODES = 128;

const NAMED: Readonly<Record<string, RegExp>> = { d: /\d/, w: /\w/, s: /\s/ };

/** Where a set of characters leads, or, without a set, a fork. */
interface State {
  readonly set: Uint8Array | null;
  readonly to: readonly number[];
}

/** Adds the states that lead to the state `next`, and says with which they begin. */
type Part = (next: number) => number;

/**
 * @param source a regular expression of ECMAScript without look-around, references, lazy repetitions and flags:
 *   literals, `.`, classes, `\d \w \s` and their opposites, groups, `|` and `* + ? {n} {n,} {n,m}`. It is always the
 *   whole text that has to match; `^` in front and `$` behind may be written and change nothing.
 */
export function readPattern(source: string): PatternReading {
  const reader = new PatternReader(source);
  const program = reader.read();
  return reader.reason === ""
    ? { kind: "pattern", matches: (text) => runs(program, text) }
    : { kind: "refused", reason: reader.reason };
}

interface Program {
  readonly states: readonly State[];
  readonly start: number;
  /** Matches nothing more: whoever is here when the text ends has matched. */
  readonly end: number;
}

class PatternReader {
  /** Why it is refused; the first reason counts. */
  reason = "";
  readonly #source: string;
  readonly #states: State[] = [];
  #edges = 0;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): Program {
    const source = this.#source;
    if (source === "" || source.length > MAX_PATTERN) this.#refuse(`is 1 to ${MAX_PATTERN} characters long`);
    if (/[^\x20-\x7e]/.test(source)) this.#refuse("has a character that no header value can have");
    this.#take("^");
    const whole = this.#readOptions();
    if (this.#at < source.length) this.#refuse("has a ) without its (");
    const end = this.#add(null, []);
    return { states: this.#states, start: this.reason === "" ? whole(end) : end, end };
  }

  /** Nothing more is read, so every loop ends. */
  #refuse(reason: string): Part {
    this.reason ||= reason;
    this.#at = this.#source.length;
    return (next) => next;
  }

  #add(set: State["set"], to: readonly number[]): number {
    this.#edges += to.length;
    if (this.#edges > MAX_EDGES) this.#refuse("is too large, with all its repetitions written out");
    return this.#states.push({ set, to }) - 1;
  }

  #take(text: string): boolean {
    const isNext = this.#source.startsWith(text, this.#at);
    if (isNext) this.#at += text.length;
    return isNext;
  }

  #next(): string {
    return this.#source.charAt(this.#at);
  }

  #readOptions(): Part {
    const first = this.#readSequence();
    if (this.#next() !== "|") return first;
    const options = [first];
    while (this.#take("|")) options.push(this.#readSequence());
    const entries = (next: number): number[] => options.map((option) => option(next));
    return (next) => this.#add(null, entries(next));
  }

  #readSequence(): Part {
    const parts: Part[] = [];
    const isLast = (): boolean => this.#at === this.#source.length - 1;
    while (!["", "|", ")"].includes(this.#next())) {
      if (isLast() && this.#take("$")) break;
      parts.push(this.#readRepeated());
    }
    return (next) => parts.reduceRight((after, part) => part(after), next);
  }

  #readRepeated(): Part {
    const part = this.#readAtom();
    const [min, max] = this.#readCount();
    if (["*", "+", "?", "{"].includes(this.#next())) return this.#refuse("repeats a repetition; put a group around it");
    return (next) => this.#repeat(part, min, max, next);
  }

  #readCount(): readonly [min: number, max: number] {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    if (!this.#take("{")) return [1, 1];
    const [text, from, comma, to] = /^(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(this.#source.slice(this.#at)) ?? [];
    const min = Number(from);
    const max = comma === undefined ? min : to === "" ? Infinity : Number(to);
    if (text === undefined || min > max) {
      this.#refuse("has a { that begins no count such as {8}, {8,} or {8,16}; the brace itself is written \\{");
    } else if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) {
      this.#refuse(`repeats something more than ${MAX_REPEAT} times`);
    }
    this.#take(text ?? "");
    return [min, max];
  }

  #repeat(part: Part, min: number, max: number, next: number): number {
    let entry = next;
    if (max === Infinity) {
      const loop = [next, next];
      entry = this.#add(null, loop);
      loop[0] = part(entry);
    } else {
      // Repetitions of repetitions could go on for very long once nothing is added any more.
      for (let count = min; count < max && this.reason === ""; count += 1) {
        entry = this.#add(null, [part(entry), next]);
      }
    }
    for (let count = 0; count < min && this.reason === ""; count += 1) {
      const before = entry;
      entry = part(before);
      if (entry === before) break;
    }
    return entry;
  }

  #readAtom(): Part {
    if (this.#take("(")) return this.#readGroup();
    if (this.#take("[")) return this.#ofSet(this.#readClass());
    if (this.#take(".")) return this.#ofSet(setOf(() => true));
    const sign = this.#next();
    if ("*+?{".includes(sign)) return this.#refuse("repeats what is not there");
    if ("^$".includes(sign)) return this.#refuse("has a ^ or a $ inside; the sign itself is written \\^ or \\$");
    if ("]}".includes(sign)) return this.#refuse("closes what is not open; the sign itself is written \\] or \\}");
    return this.#ofSet(this.#readCharacter());
  }

  #readGroup(): Part {
    if (!this.#take("?:") && this.#next() === "?") {
      return this.#refuse("has a look-around, a name or a flag; groups are written (...) or (?:...)");
    }
    const inside = this.#readOptions();
    return this.#take(")") ? inside : this.#refuse("has a ( without its )");
  }

  #readClass(): Uint8Array {
    const isNegated = this.#take("^");
    const sets: Uint8Array[] = [];
    while (!["", "]"].includes(this.#next())) sets.push(this.#readMember());
    if (sets.length === 0 || !this.#take("]")) this.#refuse("has a [ without its ], or nothing in between");
    return setOf((code) => sets.some((set) => set[code] === 1) !== isNegated);
  }

  /** A character, a class such as `\d`, or a range. */
  #readMember(): Uint8Array {
    const first = this.#readCharacter();
    const isRange = this.#next() === "-" && !["", "]"].includes(this.#source.charAt(this.#at + 1));
    if (!isRange) return first;
    this.#at += 1;
    const last = this.#readCharacter();
    const [from, to] = [first.indexOf(1), last.indexOf(1)];
    if (from > to || from !== first.lastIndexOf(1) || to !== last.lastIndexOf(1))
      this.#refuse("has a range that is none");
    return setOf((code) => code >= from && code <= to);
  }

  #readCharacter(): Uint8Array {
    const isEscaped = this.#take("\\");
    const character = this.#next();
    this.#at += 1;
    const named = isEscaped ? NAMED[character.toLowerCase()] : undefined;
    if (named !== undefined) {
      return setOf((code) => named.test(String.fromCharCode(code)) === character in NAMED);
    }
    if (isEscaped && !/[^0-9A-Za-z]/.test(character))
      this.#refuse("has a \\ before what is neither a sign nor d, w or s");
    return setOf((code) => code === character.charCodeAt(0));
  }

  #ofSet(set: Uint8Array): Part {
    return (next) => this.#add(set, [next]);
  }
}

function setOf(isIn: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: CODES }, (_, code) => Number(isIn(code)));
}

/** Follows all ways at once; for each character of the text a state is entered at most once. */
function runs({ states, start, end }: Program, text: string): boolean {
  const seenAt = new Int32Array(states.length).fill(-1);
  let reached: number[] = [];

  const enter = (first: number, at: number): void => {
    const waiting = [first];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const state = states[next];
      if (state === undefined || seenAt[next] === at) continue;
      seenAt[next] = at;
      if (state.set === null && next !== end) waiting.push(...state.to);
      else reached.push(next);
    }
  };

  enter(start, 0);
  for (let at = 0; at < text.length && reached.length > 0; at += 1) {
    const from = reached;
    reached = [];
    for (const state of from) {
      if (states[state]?.set?.[text.charCodeAt(at)] === 1) enter(states[state].to[0] ?? end, at + 1);
    }
  }
  return reached.includes(end);
}
