import { useEffect, useRef, useState } from "react";
import { SearchInput } from "../ui/input.tsx";

const TYPING_MS = 250;

interface SearchFilterProps {
  readonly label: string;
  readonly value: string | null;
  /** Called when the typing rests. */
  readonly onChange: (value: string | null) => void;
}

/** A search whose text is a filter of the page: typed at once, asked for when the typing rests. */
export function SearchFilter({ label, value, onChange }: SearchFilterProps) {
  const [text, setText] = useState(value ?? "");
  const [seen, setSeen] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => () => clearTimeout(timer.current), []);

  // Changed from elsewhere, such as by "Clear search".
  if (value !== seen) {
    setSeen(value);
    if ((value ?? "") !== text.trim()) setText(value ?? "");
  }

  function type(next: string): void {
    setText(next);
    clearTimeout(timer.current);
    const wanted = next.trim();
    timer.current = setTimeout(() => change.current(wanted === "" ? null : wanted), TYPING_MS);
  }

  return (
    <SearchInput
      label={label}
      value={text}
      onChange={(event) => type(event.target.value)}
      className="max-sm:col-span-2 sm:w-64"
    />
  );
}
