import { KeywardError } from "../core/errors.ts";
import { requestOriginOf, signedInOf } from "./context.ts";
import { consentRoutes } from "./contract/consent-routes.ts";
import type { Mount } from "./mount.ts";
import type { Consents } from "./oauth/consents.ts";

/**
 * What the page of a question asks and answers.
 * @param parts.consents null where OAuth is off: then nothing is asked
 */
export function mountConsent(mount: Mount, parts: { readonly consents: Consents | null }): void {
  function consents(): Consents {
    if (parts.consents === null) {
      throw new KeywardError("consent_not_found");
    }
    return parts.consents;
  }

  mount(consentRoutes.get, async (c) => {
    const signedIn = signedInOf(c);
    const { client, scopes, user } = await consents().find(c.req.valid("param").uid, signedIn, requestOriginOf(c));
    return c.json(
      {
        client: {
          name: client.name,
          host: client.host,
          verified: client.host !== null,
          redirect_host: client.redirectHost,
        },
        scopes: [...scopes],
        user: { id: user.id, name: user.name, email: user.email },
      },
      200,
    );
  });

  mount(consentRoutes.answer, async (c) => {
    const signedIn = signedInOf(c);
    const { decision } = c.req.valid("json");
    const redirectTo = await consents().answer(c.req.valid("param").uid, decision, signedIn, requestOriginOf(c));
    return c.json({ redirect_to: redirectTo.href }, 200);
  });
}
