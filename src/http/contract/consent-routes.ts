import { z } from "@hono/zod-openapi";
import { json, jsonBody } from "./fields.ts";
import { defineRoute } from "./route.ts";

const tags = ["Connected apps"];

const UidParameter = z.object({ uid: z.string().openapi({ param: { name: "uid", in: "path" } }) });

const ConsentQuestion = z
  .object({
    client: z.object({
      name: z.string().nullable().openapi({ description: "As the client named itself." }),
      host: z.string().nullable().openapi({ description: "The host that vouches for the client, if one does." }),
      verified: z.boolean().openapi({
        description: "Whether a host vouches for the client. `false`: it registered itself, and could be anybody.",
      }),
      redirect_host: z.string().openapi({
        description: "Where the answer goes: a host, or the scheme of an application.",
        example: "127.0.0.1:33418",
      }),
    }),
    scopes: z.array(z.string()),
    user: z
      .object({ id: z.string(), name: z.string(), email: z.string() })
      .openapi({ description: "As whom the client would act." }),
  })
  .openapi("ConsentQuestion");

const get = defineRoute("person", ["consent_not_found"], {
  method: "get",
  path: "/api/v1/oauth/consent/{uid}",
  operationId: "getConsentQuestion",
  tags,
  summary: "What a client asks to be allowed",
  description: "For the dashboard session in whose browser it was asked, and for nobody else.",
  request: { params: UidParameter },
  responses: { 200: { description: "The question.", content: json(ConsentQuestion) } },
});

const answer = defineRoute("person", ["consent_not_found"], {
  method: "post",
  path: "/api/v1/oauth/consent/{uid}",
  operationId: "answerConsentQuestion",
  tags,
  summary: "Allow it, or do not; once",
  request: {
    params: UidParameter,
    body: jsonBody(z.strictObject({ decision: z.enum(["allow", "deny"]) }).openapi("ConsentAnswer")),
  },
  responses: {
    200: {
      description: "Answered. The browser goes on to this URL, which leads back to the client.",
      content: json(z.object({ redirect_to: z.string() }).openapi("ConsentAnswered")),
    },
  },
});

export const consentRoutes = { get, answer };
