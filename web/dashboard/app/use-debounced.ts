import { useEffect, useState } from "react";

const DELAY_MS = 250;

/** The value once it has not changed for a moment: what is typed is not asked for letter by letter. */
export function useDebounced<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), DELAY_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
