import type { Chance } from "./seeds.ts";

/*
 * A scheduler that decides which of several operations takes the next step. A step is one call of a port: an operation
 * stops at each and goes on when it is told to, so two or three operations can be run in every order of their steps,
 * after the isolation tester of PostgreSQL. A port's method is atomic by its contract, so these are all the orders there
 * are.
 */

/** What a step touches. Two that only read, or that touch different things, give the same in both orders. */
export type StepKind = "reads" | "writes" | "upstream" | "alone";

/** A step that was taken. */
export interface Step {
  readonly actor: string;
  readonly call: string;
  readonly kind: StepKind;
  /** What it answered, or the error that it threw. */
  readonly outcome: PromiseSettledResult<unknown>;
}

/** Where one operation waits for its turns. */
export interface Gate {
  /** The same port, each call of which is a step. */
  around<P extends object>(port: P, kindOf: (method: string) => StepKind): P;
  /** One step by itself. */
  step<T>(call: string, kind: StepKind, work: () => Promise<T>): Promise<T>;
}

/** Where nobody waits: for an operation that runs alone. */
export const OPEN_GATE: Gate = { around: (port) => port, step: (_call, _kind, work) => work() };

export interface Run {
  readonly steps: readonly Step[];
  readonly outcomes: Readonly<Record<string, PromiseSettledResult<unknown>>>;
}

/** One setting, made anew for each order. */
export interface Scene {
  /** The operations by name. What they touch has to be theirs or the setting's alone. */
  readonly actors: Readonly<Record<string, (gate: Gate) => Promise<unknown>>>;
  check(run: Run): Promise<void>;
}

/** Longer than any step takes; an operation that waits for something else than its turn has hung. */
const HUNG_MS = 20_000;
/** More orders than two operations have. A setting with more is to be sampled. */
const MAX_ORDERS = 2_000;

/**
 * Runs every order. Those that differ only by steps which do not touch each other count once.
 * @returns how many there are
 * @throws Error with the trace of the order in which `check` failed
 */
export async function exploreAll(set: () => Promise<Scene>): Promise<number> {
  let runs = 0;
  for (let plan: readonly number[] | null = []; plan !== null; ) {
    const choices = new Choices(plan);
    runs += (await runOnce(set, (count) => choices.next(count))) ? 1 : 0;
    if (runs > MAX_ORDERS) {
      throw new Error(`more than ${MAX_ORDERS} orders`);
    }
    plan = choices.nextPlan();
  }
  return runs;
}

/** Runs some orders, chosen at random. @throws Error like `exploreAll` */
export async function exploreSome(set: () => Promise<Scene>, count: number, chance: Chance): Promise<void> {
  for (let run = 0; run < count; run += 1) {
    const scene = await set();
    await check(scene, (await play(scene, (options) => chance.below(options), "any")).run);
  }
}

/** Walks the tree of choices, first branch first. */
class Choices {
  readonly #plan: readonly number[];
  readonly #taken: { readonly index: number; readonly count: number }[] = [];

  constructor(plan: readonly number[]) {
    this.#plan = plan;
  }

  next(count: number): number {
    const index = this.#plan[this.#taken.length] ?? 0;
    this.#taken.push({ index, count });
    return index;
  }

  /** The plan of the next branch; null = that was the last one. */
  nextPlan(): readonly number[] | null {
    const last = this.#taken.findLastIndex(({ index, count }) => index + 1 < count);
    return last < 0 ? null : this.#taken.slice(0, last + 1).map(({ index }, at) => (at === last ? index + 1 : index));
  }
}

/** @returns whether the order was new: false when another one, with steps swapped that do not touch each other, is it too */
async function runOnce(set: () => Promise<Scene>, choose: (count: number) => number): Promise<boolean> {
  const scene = await set();
  const { run, isNew } = await play(scene, choose, "new");
  if (isNew) {
    await check(scene, run);
  }
  return isNew;
}

async function check(scene: Scene, run: Run): Promise<void> {
  try {
    await scene.check(run);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${traceOf(run)}`, { cause: error });
  }
}

/** @param orders which to choose from: `new` leaves out what swaps two steps that do not touch each other */
async function play(
  scene: Scene,
  choose: (count: number) => number,
  orders: "new" | "any",
): Promise<{ run: Run; isNew: boolean }> {
  const actors = Object.entries(scene.actors).map(([name, operation]) => new Actor(name, operation));
  const steps: Step[] = [];
  let isNew = true;
  let last: Taken | null = null;
  for (;;) {
    for (const actor of actors) {
      await actor.settled();
    }
    const ready: Ready[] = actors.flatMap((actor, index) => (actor.next === undefined ? [] : [{ actor, index }]));
    if (ready.length === 0) {
      break;
    }
    // Of two neighbouring steps that do not touch each other, the earlier actor's goes first: the other order is the same.
    const fresh = ready.filter((candidate) => orders === "any" || last === null || !isSwap(candidate, last));
    isNew &&= fresh.length > 0;
    const chosen = isNew ? fresh[choose(fresh.length)] : ready[0];
    if (chosen === undefined) {
      throw new Error("the plan leads nowhere: the same choices gave other steps");
    }
    const step = await chosen.actor.take();
    steps.push(step);
    last = { index: chosen.index, kind: step.kind };
  }
  return { run: { steps, outcomes: Object.fromEntries(actors.map((actor) => [actor.name, actor.outcome])) }, isNew };
}

interface Taken {
  readonly index: number;
  readonly kind: StepKind;
}

interface Ready {
  readonly actor: Actor;
  readonly index: number;
}

function isSwap({ actor, index }: Ready, last: Taken): boolean {
  return index < last.index && isApart(actor.next?.kind ?? "writes", last.kind);
}

function isApart(one: StepKind, other: StepKind): boolean {
  if (one === "alone" || other === "alone") {
    return true;
  }
  const isUpstream = [one, other].filter((kind) => kind === "upstream").length;
  return isUpstream === 1 || (one === "reads" && other === "reads");
}

interface Waiting {
  readonly kind: StepKind;
  readonly take: () => Promise<Step>;
}

/** One operation, and where it stands. */
class Actor implements Gate {
  readonly name: string;
  readonly #waiting: Waiting[] = [];
  #outcome: PromiseSettledResult<unknown> | undefined;

  constructor(name: string, operation: (gate: Gate) => Promise<unknown>) {
    this.name = name;
    operation(this).then(
      (value) => {
        this.#outcome = { status: "fulfilled", value };
      },
      (reason: unknown) => {
        this.#outcome = { status: "rejected", reason };
      },
    );
  }

  get next(): Waiting | undefined {
    return this.#waiting[0];
  }

  get outcome(): PromiseSettledResult<unknown> {
    return this.#outcome ?? { status: "rejected", reason: new Error(`${this.name} has not ended`) };
  }

  /** Resolves when it waits for its turn or has ended. */
  async settled(): Promise<void> {
    const end = Date.now() + HUNG_MS;
    while (this.next === undefined && this.#outcome === undefined) {
      if (Date.now() > end) {
        throw new Error(`${this.name} waits for something that is not its turn`);
      }
      await new Promise(setImmediate);
    }
  }

  async take(): Promise<Step> {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      throw new Error(`${this.name} has nothing to do`);
    }
    const step = await waiting.take();
    // What follows the step is done before anybody else has a turn.
    await new Promise(setImmediate);
    return step;
  }

  around<P extends object>(port: P, kindOf: (method: string) => StepKind): P {
    return new Proxy(port, {
      get: (target, property, receiver) => {
        const member: unknown = Reflect.get(target, property, receiver);
        if (typeof member !== "function" || typeof property !== "string") {
          return member;
        }
        return (...args: unknown[]) =>
          this.step(property, kindOf(property), async () => (await Reflect.apply(member, target, args)) as unknown);
      },
    });
  }

  step<T>(call: string, kind: StepKind, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({
      kind,
      take: async () => {
        const [outcome] = await Promise.allSettled([work()]);
        if (outcome.status === "fulfilled") {
          resolve(outcome.value);
        } else {
          reject(outcome.reason as Error);
        }
        return { actor: this.name, call, kind, outcome };
      },
    });
    return promise;
  }
}

/** `submit.claimFlow > revoke.revokeCredential > ...` */
function traceOf({ steps, outcomes }: Run): string {
  const order = steps.map(({ actor, call, outcome }) => {
    const isError = outcome.status === "rejected" ? " (threw)" : "";
    return `  ${actor}.${call}${isError}`;
  });
  const ends = Object.entries(outcomes).map(([name, outcome]) => {
    const end = outcome.status === "fulfilled" ? "resolved" : `rejected: ${String(outcome.reason)}`;
    return `  ${name}: ${end}`;
  });
  return ["The order was:", ...order, "and they ended:", ...ends].join("\n");
}

const READS = /^(?:read|find|list|count(?!OpenerMismatch)|verifyAudit)/;

/** What a method of the Store port touches. */
export function kindOfStoreCall(method: string): StepKind {
  return READS.test(method) ? "reads" : "writes";
}
