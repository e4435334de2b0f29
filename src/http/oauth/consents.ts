import type { Interaction } from "oidc-provider";
import type { AuditEntry, RequestOrigin } from "../../core/audit.ts";
import { KeywardError } from "../../core/errors.ts";
import { mcpAudience, OAUTH_SCOPE } from "../../core/oauth-resource.ts";
import type { OauthStore } from "../../core/oauth-port.ts";
import type { Random } from "../../core/ports.ts";
import { mintId } from "../../core/token.ts";
import { actorOfUser, identityOfUser, type User } from "../../core/user.ts";
import type { SignedIn } from "../sign-in/signed-in.ts";
import { isDocumentId } from "./document-id.ts";
import { INTERACTION_SECONDS } from "./lifetimes.ts";
import type { LoadProvider } from "./load-provider.ts";
import type { OauthRecords } from "./records.ts";
import { withVisit } from "./visit.ts";

/** What a person is asked. */
interface ConsentQuestion {
  readonly client: {
    readonly name: string | null;
    /** Whose host vouches for what the client says of itself; null = nobody's, it registered itself. */
    readonly host: string | null;
    /** Where the answer goes: a host, or the scheme of an application. */
    readonly redirectHost: string;
  };
  readonly scopes: readonly string[];
  readonly user: User;
}

/** The questions under way. Each belongs to the dashboard session in whose browser it was begun. */
export interface Consents {
  /** @throws KeywardError `consent_not_found`: unknown, expired, answered, or begun by somebody else (one answer) */
  find(uid: string, signedIn: SignedIn, origin: RequestOrigin): Promise<ConsentQuestion>;
  /**
   * Answers once. @returns where the browser goes on
   * @throws KeywardError `consent_not_found`
   */
  answer(uid: string, decision: "allow" | "deny", signedIn: SignedIn, origin: RequestOrigin): Promise<URL>;
}

const UID = /^[A-Za-z0-9_-]{43}$/;

interface Pending {
  readonly interaction: Interaction;
  readonly clientId: string;
  readonly question: ConsentQuestion;
}

export function createConsents(parts: {
  readonly loadProvider: LoadProvider;
  readonly store: Pick<OauthStore, "consumeOauthRecord">;
  readonly records: OauthRecords;
  readonly random: Random;
  readonly publicUrl: string;
  readonly sessionUid: (sessionId: string) => string;
}): Consents {
  const { loadProvider, store, records, random, publicUrl, sessionUid } = parts;

  /**
   * The session that began it, and not only its user: a link to somebody else's authorization, sent to a person who is
   * signed in, would otherwise give their access to whoever has begun it.
   */
  async function pending(uid: string, { user, sessionId }: SignedIn): Promise<Pending> {
    const provider = await loadProvider();
    const interaction = UID.test(uid) ? await provider.Interaction.find(uid) : undefined;
    const isOpen =
      interaction !== undefined && interaction.prompt.name === "consent" && interaction.result === undefined;
    const isOwn = interaction?.session?.uid === sessionUid(sessionId) && interaction.session.accountId === user.id;
    const clientId = interaction?.params["client_id"];
    const client = isOpen && isOwn && typeof clientId === "string" ? await provider.Client.find(clientId) : undefined;
    if (interaction === undefined || client === undefined) {
      throw new KeywardError("consent_not_found");
    }
    return {
      interaction,
      clientId: client.clientId,
      question: {
        client: {
          name: client.clientName ?? null,
          host: isDocumentId(client.clientId) ? new URL(client.clientId).host : null,
          redirectHost: redirectHost(String(interaction.params["redirect_uri"])),
        },
        scopes: [OAUTH_SCOPE],
        user,
      },
    };
  }

  /** Of two answers at once, one counts. */
  async function claim(uid: string): Promise<void> {
    const keepMs = INTERACTION_SECONDS * 1000;
    const rowId = records.rowId("Interaction", uid);
    if (!(await store.consumeOauthRecord("Interaction", rowId, { graceMs: 0, keepMs }))) {
      throw new KeywardError("consent_not_found");
    }
  }

  async function allow({ interaction, clientId, question }: Pending, origin: RequestOrigin): Promise<string> {
    const provider = await loadProvider();
    const { client, user } = question;
    // A registration stands for one installation, which renews its grant; see `rememberedGrant` for the others.
    const known = interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
    const grant =
      known ?? Object.assign(new provider.Grant({ accountId: user.id, clientId }), { jti: mintId("app", random) });
    resourcesOf(interaction, publicUrl).forEach((resource) => grant.addResourceScope(resource, OAUTH_SCOPE));
    const audit: AuditEntry = {
      ...origin,
      actor: actorOfUser(user),
      action: "app.authorized",
      outcome: "ok",
      identity: identityOfUser(user),
      detail: { ...(client.name === null ? {} : { name: client.name }), reason: client.host ?? "self_registered" },
    };
    const consent = { clientName: client.name, clientHost: client.host, audit };
    return withVisit({ signedIn: null, origin, revocation: "replayed", consent }, () => grant.save());
  }

  return {
    find: async (uid, signedIn, origin) =>
      withVisit({ signedIn, origin, revocation: "replayed" }, async () => (await pending(uid, signedIn)).question),

    answer: (uid, decision, signedIn, origin) =>
      withVisit({ signedIn, origin, revocation: "replayed" }, async () => {
        const asked = await pending(uid, signedIn);
        const { interaction } = asked;
        await claim(uid);
        interaction.result =
          decision === "allow"
            ? { consent: { grantId: await allow(asked, origin) } }
            : { error: "access_denied", error_description: "The person did not allow it." };
        await interaction.save(INTERACTION_SECONDS);
        return new URL(interaction.returnTo);
      }),
  };
}

function resourcesOf({ params }: Interaction, publicUrl: string): readonly string[] {
  const { resource = mcpAudience(publicUrl) } = params;
  return (Array.isArray(resource) ? resource : [resource]).map(String);
}

function redirectHost(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  return protocol === "https:" || protocol === "http:" ? host : `${protocol}//`;
}
