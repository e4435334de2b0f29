import { SearchX } from "lucide-react";
import { Button } from "./button.tsx";
import { EmptyState } from "./empty-state.tsx";

/** Instead of a list that the search or the filters have emptied. */
export function NoMatch({ onClear }: { readonly onClear: () => void }) {
  return (
    <EmptyState icon={SearchX} title="Nothing matches" action={<Button onClick={onClear}>Clear search</Button>}>
      Try fewer letters, or another spelling.
    </EmptyState>
  );
}
