import { engineOf } from "./engine.ts";
import type { TestGateway } from "./test-gateway.ts";

/** What the first tool result after a key was set says of that: see `gateway/call/set-note.ts`. */
const NOTE = /^Keyward: your key for \S+ was set .*\. If that was not you, revoke it at \S+\/$/;

/** Text blocks without the note, for tests that are about something else. */
export function withoutSetNote<T extends { readonly text?: string }>(blocks: readonly T[] | undefined): readonly T[] {
  return (blocks ?? []).filter(({ text }) => text === undefined || !NOTE.test(text));
}

/** The texts of a tool result, without the note. */
export function textsOf(result: unknown): readonly (string | undefined)[] {
  const { content } = result as { readonly content?: readonly { readonly text?: string }[] };
  return withoutSetNote(content).map(({ text }) => text);
}

/** The notes among text blocks. */
export function setNotesIn(blocks: readonly { readonly text?: string }[] | undefined): readonly string[] {
  return (blocks ?? []).flatMap(({ text }) => (text !== undefined && NOTE.test(text) ? [text] : []));
}

/** Notes, as another replica would, that the owner of a credential has been told when and from where it was set. */
export async function tellOf(gateway: TestGateway, credentialId: string, version: number): Promise<void> {
  const store = await (await engineOf(gateway.folder)).openStore();
  await store.noteTold(credentialId, version);
  await store.close();
}
