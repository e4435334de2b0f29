import type { AuditVerdict } from "../core/audit.ts";
import { cleanDetail, FIRST_PREVIOUS_HASH, hashEvent, isPlainActor } from "./audit-chain.ts";
import { AUDIT_COLUMNS, toEvent } from "./audit-row.ts";
import { toJsonOrNull } from "./columns.ts";
import type { Engine } from "./engine.ts";
import { SubjectHash } from "./subject-hash.ts";
import type { AuditEventsTable, AuditEventSubjectsTable } from "./tables.ts";

/** Small enough that an embedded store, which reads on the caller's thread, holds nothing up for long. */
const PAGE = 200;
const SUBJECT_PAGE = 1_000;

interface Link {
  /** null before the first event. */
  readonly id: number | null;
  readonly hash: string;
}

/** See `AuditStore.verifyAudit`. Other work goes on between the pages. */
export async function verifyAuditLog(engine: Engine): Promise<AuditVerdict> {
  const lastId = await readLastId(engine);
  let previous: Link = { id: null, hash: FIRST_PREVIOUS_HASH };
  let events = 0;
  const broken = (brokenAt: number): AuditVerdict => ({ isIntact: false, events, brokenAt, lastHash: previous.hash });
  for (;;) {
    const rows = await readPage(engine, previous.id, lastId);
    const end = rows.at(-1)?.id ?? lastId;
    const subjects = await hashSubjects(engine, previous.id, end);
    for (const row of rows) {
      if (!isNext(row, previous) || !isAsWritten(row, subjects.get(row.id) ?? null)) {
        return broken(row.id);
      }
      subjects.delete(row.id);
      previous = row;
      events += 1;
    }
    const [stray] = subjects.keys();
    if (stray !== undefined) {
      return broken(stray);
    }
    if (rows.length < PAGE) {
      break;
    }
    await breathe();
  }
  const stray = await readStray(engine, lastId);
  return stray === null ? { isIntact: true, events, brokenAt: null, lastHash: previous.hash } : broken(stray);
}

async function readLastId(engine: Engine): Promise<number> {
  const row = await engine.read((db) =>
    db.selectFrom("audit_events").select("id").orderBy("id", "desc").limit(1).executeTakeFirst(),
  );
  return row?.id ?? 0;
}

function readPage(engine: Engine, after: number | null, last: number): Promise<readonly AuditEventsTable[]> {
  return engine.read((db) => {
    const query = db.selectFrom("audit_events").select([...AUDIT_COLUMNS]);
    return (after === null ? query : query.where("id", ">", after))
      .where("id", "<=", last)
      .orderBy("id")
      .limit(PAGE)
      .execute();
  });
}

function isNext(row: AuditEventsTable, previous: Link): boolean {
  return row.id === (previous.id ?? 0) + 1 && row.previous_hash === previous.hash;
}

function isAsWritten(row: AuditEventsTable, subjects: string | null): boolean {
  try {
    const event = toEvent(row);
    // What is not hashed may not be there either.
    const isWhole = toJsonOrNull(cleanDetail(event.detail)) === row.detail && isPlainActor(event.actor);
    return isWhole && hashEvent(event) === row.hash && (event.detail?.subjects ?? null) === subjects;
  } catch {
    // Not what Keyward can have written.
    return false;
  }
}

/** The hash over the subjects of each event of a range that has any. */
async function hashSubjects(engine: Engine, after: number | null, last: number): Promise<Map<number, string>> {
  const hashes = new Map<number, SubjectHash>();
  let from: AuditEventSubjectsTable | null = null;
  for (;;) {
    const rows = await readSubjects(engine, from ?? after, last);
    for (const row of rows) {
      const hash = hashes.get(row.event_id) ?? new SubjectHash();
      hashes.set(row.event_id, hash);
      hash.add(row);
    }
    from = rows.at(-1) ?? null;
    if (rows.length < SUBJECT_PAGE || from === null) {
      return new Map([...hashes].map(([id, hash]) => [id, hash.digest()]));
    }
    await breathe();
  }
}

function readSubjects(
  engine: Engine,
  after: AuditEventSubjectsTable | number | null,
  last: number,
): Promise<readonly AuditEventSubjectsTable[]> {
  return engine.read((db) => {
    let query = db.selectFrom("audit_event_subjects").select(["event_id", "credential_id", "effect"]);
    if (typeof after === "number") {
      query = query.where("event_id", ">", after);
    } else if (after !== null) {
      const { event_id, credential_id, effect } = after;
      query = query.where((eb) =>
        eb(eb.refTuple("event_id", "credential_id", "effect"), ">", eb.tuple(event_id, credential_id, effect)),
      );
    }
    return query
      .where("event_id", "<=", last)
      .orderBy("event_id")
      .orderBy("credential_id")
      .orderBy("effect")
      .limit(SUBJECT_PAGE)
      .execute();
  });
}

/** A subject behind the end of the log whose event is not there. */
async function readStray(engine: Engine, last: number): Promise<number | null> {
  const row = await engine.read((db) =>
    db
      .selectFrom("audit_event_subjects as subject")
      .select("subject.event_id")
      .where("subject.event_id", ">", last)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom("audit_events")
              .select("audit_events.id")
              .whereRef("audit_events.id", "=", "subject.event_id"),
          ),
        ),
      )
      .orderBy("subject.event_id")
      .limit(1)
      .executeTakeFirst(),
  );
  return row?.event_id ?? null;
}

function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
