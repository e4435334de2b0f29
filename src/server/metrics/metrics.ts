import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { ErrorCode } from "../../core/errors.ts";
import type { AuthRequiredReason } from "../../core/resolver.ts";
import type { UpstreamFailureCode } from "../../core/ports.ts";
import type { Verdict } from "../../core/rejection.ts";
import type { Sweep } from "../../core/sweep-worker.ts";
import type { CallSeen } from "../../gateway/visit.ts";
import type { GatewayLoad } from "../../gateway/endpoint.ts";
import type { UpstreamLoad } from "../../upstream/upstream.ts";
import { methodClass } from "./method-class.ts";
import { createServerNames, type ServerNames } from "./server-names.ts";
import { Tally } from "./tally.ts";

/**
 * What a call is made of. `authenticate`: who. `resolve`: the stored value, `open` its decryption, which is part of it.
 * `upstream`: until the server's answer begins. `stream`: until it has ended.
 */
export const STAGES = ["authenticate", "resolve", "open", "upstream", "stream"] as const;

export type Stage = (typeof STAGES)[number];

type StoreOperation = "read" | "write";

/** What is looked up when somebody asks, rather than counted. */
interface Loads {
  readonly gateway: () => GatewayLoad;
  readonly upstream: () => UpstreamLoad;
  readonly requests: () => number;
  readonly droppedUses: () => number;
  readonly droppedLines: () => number;
  readonly skewMs: () => number;
}

/**
 * Everything that is counted. A label is a registered server's name or a word of a closed list, so that no identity, value
 * or other text of a caller can get into one, and the number of series is bounded.
 */
export interface Metrics {
  readonly names: ServerNames;
  call(call: CallSeen, seconds: number): void;
  stage(stage: Stage, seconds: number): void;
  authRequired(server: string, reason: AuthRequiredReason): void;
  link(outcome: "made" | "limited" | "refused" | "failed"): void;
  submission(outcome: SubmissionOutcome): void;
  verification(outcome: "accepted" | "rejected" | "unknown"): void;
  rejection(verdict: Verdict): void;
  sweep(sweep: Sweep, swept: number, isDone: boolean, atSeconds: number): void;
  upstreamFailure(server: string, code: UpstreamFailureCode): void;
  egressRefusal(code: EgressRefusal): void;
  scrubbed(server: string, hits: number): void;
  store(operation: StoreOperation, seconds: number, hasFailed: boolean): void;
  /** From now on the gauges ask these. */
  watch(loads: Loads): void;
  /** Prometheus text. */
  text(): Promise<string>;
  readonly registry: Registry;
}

export type SubmissionOutcome = "stored" | "rejected" | "unreachable" | "invalid" | "gone" | "busy" | "failed";

const EGRESS_REFUSALS = ["upstream_not_allowed", "upstream_url_invalid", "upstream_redirected"] as const;

type EgressRefusal = (typeof EGRESS_REFUSALS)[number];

export function isEgressRefusal(code: ErrorCode): code is EgressRefusal {
  return EGRESS_REFUSALS.some((refusal) => refusal === code);
}

/** From a look into memory to the longest call. */
const STAGE_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120];
const CALL_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const STORE_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** @param options.ofProcess whether memory, CPU, event loop and garbage collection are told too; they belong to the process */
export function createMetrics({ ofProcess }: { readonly ofProcess: boolean }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const names = createServerNames();
  if (ofProcess) {
    collectDefaultMetrics({ register: registry });
  }
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, bounds: readonly number[], label: L): Tally<L> =>
    new Tally({ name, help, label, bounds, registry });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });

  const calls = counter("keyward_calls_total", "Requests to /mcp and /mcp/<server>, by what became of them.", [
    "server",
    "method",
    "outcome",
  ]);
  const callSeconds = histogram(
    "keyward_call_seconds",
    "From the request to the end of its answer.",
    CALL_BUCKETS,
    "server",
  );
  const stageSeconds = histogram("keyward_stage_seconds", "What a call is made of.", STAGE_BUCKETS, "stage");
  const authRequired = counter("keyward_auth_required_total", "Calls that found no usable value.", [
    "server",
    "reason",
  ]);
  const links = counter("keyward_links_total", "Links that were asked for.", ["outcome"]);
  const submissions = counter("keyward_submissions_total", "Forms that were sent.", ["outcome"]);
  const verifications = counter("keyward_verifications_total", "Values that a server was asked about.", ["outcome"]);
  const rejections = counter("keyward_rejections_total", "Calls that a server answered with 401 or 403, judged.", [
    "verdict",
  ]);
  const sweeps = counter("keyward_sweeps_total", "Passes that delete what is stale.", ["sweep", "outcome"]);
  const swept = counter("keyward_swept_total", "What those passes deleted.", ["sweep"]);
  const lastSweep = gauge("keyward_sweep_last_success_timestamp_seconds", "When a pass last ended well.", ["sweep"]);
  const failures = counter("keyward_upstream_failures_total", "Calls that a server did not answer.", [
    "server",
    "code",
  ]);
  const egressRefusals = counter("keyward_egress_refused_total", "Requests that the egress guard stopped.", ["code"]);
  const scrubbed = counter("keyward_secret_scrubbed_total", "Injected values taken out of answers.", ["server"]);
  const storeSeconds = histogram("keyward_store_seconds", "What the database took.", STORE_BUCKETS, "operation");
  const storeErrors = counter("keyward_store_errors_total", "What the database did not do.", ["operation"]);
  const breakers = gauge("keyward_breaker_open", "1 for a server that is not dialled at the moment.", ["server"]);
  const clientSessions = gauge("keyward_client_sessions", "Sessions of clients that this process knows of.");
  const upstreamSessions = gauge("keyward_upstream_sessions", "Sessions at servers.");
  const streams = gauge("keyward_streams", "Open event streams to clients.", ["kind"]);
  const underWay = gauge("keyward_requests_in_flight", "HTTP requests that are being answered.");
  const skew = gauge("keyward_clock_skew_seconds", "How far the store's clock is ahead of this machine's.");
  const droppedUses = gauge("keyward_dropped_use_notes", "Uses that could not be noted, since the start.");
  const droppedLines = gauge(
    "keyward_dropped_log_lines",
    "Lines of the log that nobody read in time, since the start.",
  );
  let loads: Loads | null = null;

  function look({ gateway, upstream, requests, ...rest }: Loads): void {
    const { sessions, streams: open } = gateway();
    clientSessions.set(sessions);
    streams.set({ kind: "answer" }, open.answer);
    streams.set({ kind: "session" }, open.session);
    streams.set({ kind: "subscription" }, open.subscription);
    const load = upstream();
    upstreamSessions.set(load.sessions);
    breakers.reset();
    load.notDialled.forEach((id) => breakers.set({ server: names.labelOfId(id) }, 1));
    underWay.set(requests());
    skew.set(rest.skewMs() / 1_000);
    droppedUses.set(rest.droppedUses());
    droppedLines.set(rest.droppedLines());
  }

  return {
    names,
    registry,
    call({ server, method, httpMethod, outcome }, seconds) {
      const label = names.labelOf(server);
      const about = methodClass(httpMethod, method);
      calls.inc({ server: label, method: about, outcome });
      // What only listens lasts as long as somebody does.
      if (about !== "listen") callSeconds.add(label, seconds);
    },
    stage: (stage, seconds) => stageSeconds.add(stage, seconds),
    authRequired: (server, reason) => authRequired.inc({ server, reason }),
    link: (outcome) => links.inc({ outcome }),
    submission: (outcome) => submissions.inc({ outcome }),
    verification: (outcome) => verifications.inc({ outcome }),
    rejection: (verdict) => rejections.inc({ verdict }),
    sweep(sweep, count, isDone, atSeconds) {
      sweeps.inc({ sweep, outcome: isDone ? "done" : "failed" });
      swept.inc({ sweep }, count);
      if (isDone) lastSweep.set({ sweep }, atSeconds);
    },
    upstreamFailure: (server, code) => failures.inc({ server, code }),
    egressRefusal: (code) => egressRefusals.inc({ code }),
    scrubbed: (server, hits) => scrubbed.inc({ server }, hits),
    store(operation, seconds, hasFailed) {
      storeSeconds.add(operation, seconds);
      if (hasFailed) storeErrors.inc({ operation });
    },
    watch: (given) => void (loads = given),
    text() {
      if (loads !== null) look(loads);
      return registry.metrics();
    },
  };
}
