import { Ellipsis, Pause, Pencil, Play, RotateCw, Trash2 } from "lucide-react";
import type { VirtualKey } from "../../app/api-shapes.ts";
import { Badge } from "../../ui/badge.tsx";
import { IconButton } from "../../ui/button.tsx";
import type { Column } from "../../ui/data-table.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { RelativeTime, useNow } from "../../ui/relative-time.tsx";
import type { KeyTask } from "./key-dialog.tsx";
import { keyState } from "./key-state.ts";

interface KeyColumns {
  readonly hasOwners: boolean;
  readonly onTask: (task: KeyTask) => void;
}

export function keyColumns({ hasOwners, onTask }: KeyColumns): readonly Column<VirtualKey>[] {
  return [
    { key: "name", header: "Key", width: "minmax(0, 2fr)", cell: (key) => <KeyName virtualKey={key} /> },
    ...(hasOwners ? [{ key: "owner", header: "Acts as", cell: (key: VirtualKey) => <Owner virtualKey={key} /> }] : []),
    { key: "state", header: "State", width: "7rem", cell: (key) => <State virtualKey={key} /> },
    { key: "expires", header: "Expires", cell: ({ expires_at: at }) => <MaybeTime at={at} none="Never" /> },
    { key: "used", header: "Last used", cell: ({ last_used_at: at }) => <MaybeTime at={at} none="Never" /> },
    {
      key: "actions",
      header: "Actions",
      width: "2.25rem",
      isBare: true,
      align: "end",
      cell: (key) => <KeyMenu virtualKey={key} onTask={onTask} />,
    },
  ];
}

interface OfKey {
  readonly virtualKey: VirtualKey;
}

function KeyName({ virtualKey }: OfKey) {
  const { name, prefix, rate_limit_per_minute: limit, previous_works_until: previous } = virtualKey;
  return (
    <>
      <bdi className="font-medium">{name}</bdi>
      <p className="text-sm text-soft">
        <code className="font-mono text-xs">{prefix}…</code>
        {limit === null ? null : ` · ${limit} calls a minute`}
        {previous === null ? null : (
          <>
            {" · old key ends "}
            <RelativeTime at={previous} />
          </>
        )}
      </p>
    </>
  );
}

function Owner({ virtualKey }: OfKey) {
  const { owner_user_id: owner, owner_name: name } = virtualKey;
  return owner === null ? <span className="text-soft">Itself</span> : <bdi>{name ?? owner}</bdi>;
}

const STATES = {
  active: { tone: "good", label: "Active" },
  disabled: { tone: "plain", label: "Disabled" },
  expired: { tone: "warn", label: "Expired" },
} as const;

function State({ virtualKey }: OfKey) {
  const { tone, label } = STATES[keyState(virtualKey, useNow())];
  return <Badge tone={tone}>{label}</Badge>;
}

function MaybeTime({ at, none }: { readonly at: number | null; readonly none: string }) {
  return at === null ? <span className="text-soft">{none}</span> : <RelativeTime at={at} />;
}

function KeyMenu({ virtualKey, onTask }: OfKey & Pick<KeyColumns, "onTask">) {
  const start = (kind: KeyTask["kind"]) => () => onTask({ kind, virtualKey });
  return (
    <Menu trigger={<IconButton icon={Ellipsis} size="sm" label={`Actions for ${virtualKey.name}`} />}>
      <MenuItem icon={Pencil} onSelect={start("edit")}>
        Edit
      </MenuItem>
      <MenuItem icon={RotateCw} onSelect={start("rotate")}>
        Rotate
      </MenuItem>
      <MenuItem icon={virtualKey.enabled ? Pause : Play} onSelect={start(virtualKey.enabled ? "disable" : "enable")}>
        {virtualKey.enabled ? "Disable" : "Enable"}
      </MenuItem>
      <MenuLine />
      <MenuItem icon={Trash2} isDangerous onSelect={start("revoke")}>
        Revoke
      </MenuItem>
    </Menu>
  );
}
