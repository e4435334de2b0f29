/** What a change would do, as `dry_run` answers it: numbers of connections, and of those whom they belong to. */
export interface Impact {
  readonly orphaned: number;
  readonly reactivated: number;
  readonly needs_update: number;
  readonly deleted: number;
  readonly people: number;
}

/** "1 person", "37 people" */
export function people(count: number): string {
  return count === 1 ? "1 person" : `${count.toLocaleString("en")} people`;
}

/** "1 connection", "37 connections" */
export function connections(count: number): string {
  return count === 1 ? "1 connection" : `${count.toLocaleString("en")} connections`;
}

/** One sentence for each thing that would happen, the gravest first. */
export function impactSentences(impact: Impact): readonly string[] {
  const { deleted, orphaned, needs_update: asked, reactivated } = impact;
  // Of one server everybody has one connection: the people are counted. Where somebody has several, the connections.
  const isOneEach = deleted + orphaned + asked + reactivated === impact.people;
  const say = (count: number, ofPeople: string, ofConnections: string): string[] =>
    count === 0 ? [] : [isOneEach ? `${people(count)} ${ofPeople}` : `${connections(count)} ${ofConnections}`];
  const verb = (count: number, one: string, many: string): string => (count === 1 ? one : many);
  return [
    ...say(
      deleted,
      `${verb(deleted, "loses", "lose")} what they have stored. It is deleted for good.`,
      `of ${people(impact.people)} ${verb(deleted, "is", "are")} deleted for good.`,
    ),
    ...say(
      orphaned,
      `${verb(orphaned, "loses", "lose")} access. What they have stored is kept, unused, until access returns or the retention ends.`,
      `of ${people(impact.people)} ${verb(orphaned, "loses", "lose")} access. They are kept, unused, until access returns or the retention ends.`,
    ),
    ...say(
      asked,
      "will be asked for a new value.",
      `of ${people(impact.people)} ${verb(asked, "needs", "need")} a new value.`,
    ),
    ...say(
      reactivated,
      `${verb(reactivated, "gets", "get")} access again. What they have stored works at once.`,
      `of ${people(impact.people)} ${verb(reactivated, "works", "work")} again at once.`,
    ),
  ];
}
