const MIN_PASSWORD = 12;
const MAX_PASSWORD = 128;

export const PASSWORD_HINT = `${MIN_PASSWORD} characters or more. A few words in a row are easy to keep in mind.`;

/** @returns what is wrong with it, for whoever chooses it */
export function passwordProblem(password: string): string | undefined {
  if (password.length < MIN_PASSWORD) return `Use ${MIN_PASSWORD} characters or more.`;
  return password.length > MAX_PASSWORD ? `Use ${MAX_PASSWORD} characters at the most.` : undefined;
}

export function emailProblem(email: string): string | undefined {
  return /^\S+@\S+$/.test(email.trim()) ? undefined : "Enter an e-mail address.";
}

export function nameProblem(name: string): string | undefined {
  return name.trim() === "" ? "Enter a name." : undefined;
}

/** Leaves out what is not wrong. */
export function problemsOf<K extends string>(
  found: Readonly<Record<K, string | undefined>>,
): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined)) as Partial<
    Record<K, string>
  >;
}
