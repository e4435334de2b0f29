import { useState } from "react";
import { useDebounced } from "../../app/use-debounced.ts";
import { Button } from "../../ui/button.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { ForeignText } from "../../ui/foreign-text.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SegmentedControl } from "../../ui/segmented-control.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { messageOf } from "../../app/api.ts";
import { candidateKey, useCandidates, type Candidate, type PickKind } from "./use-candidates.ts";

interface PickDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: string;
  /** The first is shown first. */
  readonly kinds: readonly PickKind[];
  /** By `candidateKey`: cannot be picked again. */
  readonly taken: ReadonlySet<string>;
  /** One is looked for, not several. */
  readonly isSingle?: boolean;
  readonly onPick: (picked: readonly Candidate[]) => void;
}

const KINDS: Readonly<Record<PickKind, string>> = { group: "Groups", user: "People", virtual_key: "Virtual keys" };

/** Finds groups, people or virtual keys by name, and picks some of them. */
export function PickDialog({ isOpen, onClose, title, description, ...rest }: PickDialogProps) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={title} {...(description !== undefined && { description })}>
      <Picker onClose={onClose} {...rest} />
    </Dialog>
  );
}

function Picker(props: Omit<PickDialogProps, "isOpen" | "title" | "description">) {
  const { kinds, taken, isSingle = false, onPick, onClose } = props;
  const [kind, setKind] = useState(kinds[0] ?? "user");
  const [text, setText] = useState("");
  const [picked, setPicked] = useState<readonly Candidate[]>([]);
  const found = useCandidates(kind, useDebounced(text.trim()), true);
  const isPicked = (candidate: Candidate): boolean =>
    picked.some((each) => candidateKey(each) === candidateKey(candidate));

  function pick(candidate: Candidate, isIn: boolean): void {
    const others = picked.filter((each) => candidateKey(each) !== candidateKey(candidate));
    setPicked(isIn ? [...(isSingle ? [] : others), candidate] : others);
  }

  return (
    <div className="grid gap-3">
      {kinds.length < 2 ? null : (
        <div>
          <SegmentedControl
            label="Whom to look for"
            value={kind}
            options={kinds.map((each) => [each, KINDS[each]])}
            onChange={(next) => {
              setKind(next);
              // What was looked for among people is no name of a key.
              setText("");
            }}
          />
        </div>
      )}
      <SearchInput
        label={`Search ${KINDS[kind].toLowerCase()}`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {found.error === null ? null : <Notice tone="bad">{messageOf(found.error)}</Notice>}
      <div className="max-h-80 min-h-40 overflow-y-auto rounded-md border border-line" tabIndex={-1}>
        {found.isPending ? (
          <p role="status" className="flex items-center justify-center gap-2 p-8 text-soft">
            <Spinner /> Loading
          </p>
        ) : null}
        {found.data?.items.length === 0 ? (
          <p className="p-8 text-center text-soft">{text.trim() === "" ? "There are none." : "Nothing matches."}</p>
        ) : null}
        <ul aria-label={KINDS[kind]}>
          {found.data?.items.map((candidate) => {
            const isTaken = taken.has(candidateKey(candidate));
            return (
              <li key={candidate.id} className="border-b border-line px-3 py-2.5 last:border-b-0">
                <Checkbox
                  label={<ForeignText text={candidate.name} />}
                  hint={isTaken ? "Already there" : ((isSingle ? undefined : candidate.obstacle) ?? candidate.detail)}
                  isChecked={isTaken || isPicked(candidate)}
                  isDisabled={isTaken || (!isSingle && candidate.obstacle !== undefined)}
                  onChange={(isIn) => pick(candidate, isIn)}
                />
              </li>
            );
          })}
        </ul>
        {found.data?.hasMore ? (
          <p className="p-3 text-center text-sm text-soft">There are more. Search for the one you mean.</p>
        ) : null}
      </div>
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant="primary"
          disabled={picked.length === 0}
          onClick={() => {
            onPick(picked);
            onClose();
          }}
        >
          {isSingle ? "Choose" : picked.length === 0 ? "Add" : `Add ${picked.length}`}
        </Button>
      </Actions>
    </div>
  );
}
