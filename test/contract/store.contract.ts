import { afterEach, beforeEach, describe } from "vitest";
import { describeAccess } from "./access.ts";
import { describeAdminTokens } from "./admin-tokens.ts";
import { describeAttempts } from "./attempts.ts";
import { describeAudit } from "./audit.ts";
import { describeAuditSubjects } from "./audit-subjects.ts";
import { describeCredentials } from "./credentials.ts";
import type { GetHarness, Harness } from "./fixtures.ts";
import { describeGroups } from "./groups.ts";
import { describeFreshness } from "./freshness.ts";
import { describeKeyRotation } from "./key-rotation.ts";
import { describeKeysAndSetup } from "./keys-and-setup.ts";
import { describeLifecycle } from "./lifecycle.ts";
import { describeLinks } from "./links.ts";
import { describeOwnedKeys } from "./owned-keys.ts";
import { describePeople } from "./people.ts";
import { describePreviews } from "./previews.ts";
import { describeOauth } from "./oauth.ts";
import { describeServerChanges } from "./server-changes.ts";
import { describeServers } from "./servers.ts";
import { describeStoredSince } from "./stored-since.ts";
import { describeSubmissionRaces } from "./submission-races.ts";
import { describeSubmissions } from "./submissions.ts";
import { describeSweeps } from "./sweeps.ts";
import { describeVirtualKeys } from "./virtual-keys.ts";

/**
 * What every engine promises, as tests. An engine is done when they pass.
 * @param open makes empty data and opens a first handle on it
 */
export function describeStoreContract(engine: string, open: () => Promise<Harness>): void {
  describe(`store contract on ${engine}`, () => {
    let harness: Harness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => {
      await harness.close();
    });
    const get: GetHarness = () => harness;

    describeServers(get);
    describeServerChanges(get);
    describeAccess(get);
    describePeople(get);
    describeGroups(get);
    describeLifecycle(get);
    describeOwnedKeys(get);
    describeAdminTokens(get);
    describePreviews(get);
    describeFreshness(get);
    describeCredentials(get);
    describeLinks(get);
    describeSubmissions(get);
    describeSubmissionRaces(get);
    describeStoredSince(get);
    describeVirtualKeys(get);
    describeKeysAndSetup(get);
    describeKeyRotation(get);
    describeAudit(get);
    describeAuditSubjects(get);
    describeSweeps(get);
    describeAttempts(get);
    describeOauth(get);
  });
}
