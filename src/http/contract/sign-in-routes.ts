import { z } from "@hono/zod-openapi";
import { DisplayName, json, jsonBody, Time } from "./fields.ts";
import { defineRoute } from "./route.ts";
import { User } from "./user-routes.ts";

const tags = ["Sign-in"];

/** Its rules are the core's, so that it is judged in one place and named by one code. */
const Email = z.string().max(320);
const Password = z.string().max(1024);
const Token = z.string().max(200);

/** So much of a path of ours as a browser may be sent to in the end. */
const NextPath = z.string().max(500).optional().openapi({
  description: "Where to go in the end: a path of this gateway, such as `/connect/flow_...`. Default `/`.",
});

/** Where somebody is signed in from now on: the answer sets the session's cookie. */
const SignedIn = z
  .object({
    user: User,
    csrf_token: z.string().openapi({
      description: "For the header `Keyward-CSRF` of whatever changes something. The same as long as the session.",
    }),
  })
  .openapi("SignedIn");

const SIGNED_IN = { description: "Signed in. The session's cookie is set.", content: json(SignedIn) };

const options = defineRoute("public", ["credential_store_unavailable"], {
  method: "get",
  path: "/api/v1/sign-in-options",
  operationId: "getSignInOptions",
  tags,
  summary: "How people may sign in here",
  responses: {
    200: {
      description: "The ways in.",
      content: json(
        z
          .object({
            setup_open: z.boolean().openapi({ description: "A setup token waits for the first administrator." }),
            password: z.literal(true),
            sso: z.object({ label: z.string() }).nullable().openapi({ description: "Single sign-on, if there is." }),
          })
          .openapi("SignInOptions"),
      ),
    },
  },
});

const setUpAdmin = defineRoute(
  "public",
  [
    "invalid_email",
    "invalid_password",
    "unauthenticated",
    "email_taken",
    "setup_done",
    "rate_limited",
    "credential_store_unavailable",
  ],
  {
    method: "post",
    path: "/api/v1/setup/admin",
    operationId: "setUpAdmin",
    tags,
    summary: "Trade the one-time setup token for the first administrator, who is signed in",
    description: "The setup token is printed once, at the first start. It works once.",
    request: {
      body: jsonBody(
        z
          .strictObject({ setup_token: Token, name: DisplayName, email: Email, password: Password })
          .openapi("AdminSetup"),
      ),
    },
    responses: { 201: SIGNED_IN },
  },
);

const signIn = defineRoute("public", ["sign_in_failed", "rate_limited", "credential_store_unavailable"], {
  method: "post",
  path: "/api/v1/session",
  operationId: "signIn",
  tags,
  summary: "Sign in by e-mail address and password",
  description: "One answer for an unknown address, a wrong password and a disabled user.",
  request: { body: jsonBody(z.strictObject({ email: Email, password: Password }).openapi("PasswordSignIn")) },
  responses: { 200: SIGNED_IN },
});

const beginSingleSignOn = defineRoute("public", ["not_found", "rate_limited"], {
  method: "get",
  path: "/api/v1/sso",
  operationId: "beginSingleSignOn",
  tags,
  summary: "Go to the issuer of single sign-on",
  description: "For a browser to follow. It ends at `next`, or at `/sign-in?error=` with one of the codes below.",
  request: { query: z.strictObject({ next: NextPath }) },
  responses: { 302: { description: "To the issuer; to `/sign-in?error=sso_unavailable` when it does not answer." } },
});

const completeSingleSignOn = defineRoute("public", ["not_found", "rate_limited"], {
  method: "get",
  path: "/api/v1/sso/callback/oidc",
  operationId: "completeSingleSignOn",
  tags,
  summary: "Where the issuer sends the browser back",
  description:
    "The redirect URI to register with the issuer. Errors at `/sign-in?error=`: `sso_denied`, `sso_expired`, `sso_failed`, `sso_unavailable`, `sso_email_unverified`, `sso_not_allowed`, `sso_account_exists`, `sso_disabled`.",
  responses: { 302: { description: "To the path that was asked for, or to `/sign-in?error=`." } },
});

const Invitation = z.object({ name: z.string(), email: z.string(), expires_at: Time }).openapi("Invitation");

// The token is in the body, because addresses end up in logs.
const viewInvite = defineRoute("public", ["invite_not_found", "rate_limited", "credential_store_unavailable"], {
  method: "post",
  path: "/api/v1/invites/view",
  operationId: "viewInvite",
  tags,
  summary: "For whom an invitation is",
  description: "Has no effect. One answer for an invitation that is unknown, expired or used.",
  request: { body: jsonBody(z.strictObject({ token: Token }).openapi("InviteToken")) },
  responses: { 200: { description: "The invitation.", content: json(Invitation) } },
});

const acceptInvite = defineRoute(
  "public",
  ["invalid_password", "invite_not_found", "rate_limited", "credential_store_unavailable"],
  {
    method: "post",
    path: "/api/v1/invites/accept",
    operationId: "acceptInvite",
    tags,
    summary: "Choose a password by an invitation, and be signed in",
    description: "The invitation is used up, and every other session of the user ends.",
    request: { body: jsonBody(z.strictObject({ token: Token, password: Password }).openapi("InviteAcceptance")) },
    responses: { 200: SIGNED_IN },
  },
);

export const signInRoutes = {
  options,
  setUpAdmin,
  signIn,
  beginSingleSignOn,
  completeSingleSignOn,
  viewInvite,
  acceptInvite,
};
