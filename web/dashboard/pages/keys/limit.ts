const MAX = 1_000_000;

export function limitProblem(text: string): string | undefined {
  const limit = limitOf(text);
  return limit === null || (Number.isInteger(limit) && limit >= 1 && limit <= MAX)
    ? undefined
    : "Enter a whole number from 1 to 1,000,000, or nothing.";
}

/** null = no limit */
export function limitOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
