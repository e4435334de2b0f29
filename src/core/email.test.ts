import { expect, it } from "vitest";
import { parseEmail } from "./email.ts";

it.each([
  ["ada@example.com", "ada@example.com"],
  ["Ada.Lovelace+mcp@Mail.EXAMPLE.co.uk", "ada.lovelace+mcp@mail.example.co.uk"],
  ["o'neil@example.com", "o'neil@example.com"],
  ["a_b-c@xn--bcher-kva.example", "a_b-c@xn--bcher-kva.example"],
  [`${"a".repeat(242)}@example.com`, `${"a".repeat(242)}@example.com`],
])("%s is an address", (text, email) => {
  expect(parseEmail(text)).toBe(email);
});

it.each([
  "",
  "ada",
  "@example.com",
  "ada@",
  "ada@localhost",
  "ada@example.c",
  "a b@example.com",
  " ada@example.com",
  "ada@example.com\n",
  "ada\u0000@example.com",
  "a..b@example.com",
  ".a@example.com",
  "ada@-example.com",
  "ada@@example.com",
  "ada@example.com, bob@example.com",
  '"ada"@example.com',
  `${"a".repeat(243)}@example.com`,
  "а\u0064a@example.com",
  "\u212Aim@example.com",
  "e\u0301va@example.com",
  "ada@exämple.com",
])("A13: %j is none: one person has one spelling", (text) => {
  expect(() => parseEmail(text)).toThrow(expect.objectContaining({ code: "invalid_email" }));
});
