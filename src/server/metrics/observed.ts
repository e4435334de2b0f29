import type { AuthRequiredIssuer } from "../../core/auth-required.ts";
import type { Callers } from "../../core/callers.ts";
import { type ErrorCode, isKeywardError } from "../../core/errors.ts";
import type { LinkIssuer } from "../../core/link-issuer.ts";
import type { Upstream, Vault } from "../../core/ports.ts";
import type { Rejections } from "../../core/rejection.ts";
import type { Resolver } from "../../core/resolver.ts";
import type { Submissions } from "../../core/submission.ts";
import type { Stages } from "../stages.ts";
import { isEgressRefusal, type Metrics, type SubmissionOutcome } from "./metrics.ts";

/* The parts of the product, counted and timed from outside: none of them knows of it. */

export function observeCallers(callers: Callers, stages: Stages): Callers {
  return {
    ...callers,
    byVirtualKey: (text) => stages.run("authenticate", () => callers.byVirtualKey(text)),
    byAccessToken: (text) => stages.run("authenticate", () => callers.byAccessToken(text)),
  };
}

export function observeResolver(resolver: Resolver, stages: Stages): Resolver {
  return { resolve: (identity, server) => stages.run("resolve", () => resolver.resolve(identity, server)) };
}

export function observeIssuer(issuer: AuthRequiredIssuer, metrics: Metrics): AuthRequiredIssuer {
  return {
    issue(request) {
      metrics.authRequired(metrics.names.labelOf(request.server), request.reason);
      return issuer.issue(request);
    },
  };
}

/** For the way of a call; what else opens values is no stage of one. */
export function observeVault(vault: Vault, stages: Stages): Vault {
  return {
    seal: (plaintext, context) => vault.seal(plaintext, context),
    open: (sealed, context) => stages.runSync("open", () => vault.open(sealed, context)),
    digest: (purpose, token) => vault.digest(purpose, token),
  };
}

export function observeLinks(links: LinkIssuer, metrics: Metrics): LinkIssuer {
  return {
    async issue(request) {
      try {
        const flow = await links.issue(request);
        metrics.link("made");
        return flow;
      } catch (error) {
        metrics.link(linkOutcome(error));
        throw error;
      }
    },
  };
}

function linkOutcome(error: unknown): "limited" | "refused" | "failed" {
  if (isKeywardError(error, "rate_limited")) {
    return "limited";
  }
  return isKeywardError(error, "access_denied") ? "refused" : "failed";
}

export function observeSubmissions(submissions: Submissions, metrics: Metrics): Submissions {
  return {
    ...submissions,
    async submit(opener, typed, from) {
      try {
        const result = await submissions.submit(opener, typed, from);
        metrics.submission("stored");
        return result;
      } catch (error) {
        metrics.submission(submissionOutcome(error));
        throw error;
      }
    },
  };
}

const SUBMISSION_OUTCOMES: ReadonlyMap<ErrorCode, SubmissionOutcome> = new Map([
  ["invalid_header_name", "invalid"],
  ["invalid_header_value", "invalid"],
  ["missing_header_values", "invalid"],
  ["flow_busy", "busy"],
  ["flow_not_found", "gone"],
  ["schema_changed", "gone"],
  ["upstream_rejected", "rejected"],
  ["upstream_unreachable", "unreachable"],
  ["upstream_redirected", "unreachable"],
  ["upstream_not_allowed", "unreachable"],
  ["upstream_protocol", "unreachable"],
  ["upstream_url_invalid", "unreachable"],
]);

function submissionOutcome(error: unknown): SubmissionOutcome {
  return (isKeywardError(error) ? SUBMISSION_OUTCOMES.get(error.code) : undefined) ?? "failed";
}

export function observeRejections(rejections: Rejections, metrics: Metrics): Rejections {
  return {
    async judge(server, headers, origin) {
      const verdict = await rejections.judge(server, headers, origin);
      metrics.rejection(verdict);
      return verdict;
    },
  };
}

export function observeUpstream<U extends Upstream>(upstream: U, metrics: Metrics): U {
  return {
    ...upstream,
    async assertAllowed(url) {
      try {
        await upstream.assertAllowed(url);
      } catch (error) {
        if (isKeywardError(error) && isEgressRefusal(error.code)) metrics.egressRefusal(error.code);
        throw error;
      }
    },
    async verify(server, headers, options) {
      const outcome = await upstream.verify(server, headers, options);
      metrics.verification(outcome.kind);
      return outcome;
    },
    async exchange(server, headers, peer, message, sink, options) {
      const end = await upstream.exchange(server, headers, peer, message, sink, options);
      if (end.kind === "failed") metrics.upstreamFailure(metrics.names.labelOf(server), end.code);
      return end;
    },
  } satisfies U & Upstream;
}
