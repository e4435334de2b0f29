import { UserSearch } from "lucide-react";
import { useState } from "react";
import type { AuditAction } from "../../app/admin-api.ts";
import { identityText } from "../../parts/connections/connection-text.ts";
import type { AuthMode } from "../../app/admin-shapes.ts";
import { PickDialog } from "../../parts/pick/pick-dialog.tsx";
import { useAllServers } from "../../parts/use-all-servers.ts";
import { Button } from "../../ui/button.tsx";
import { FilterChip, Filters, FilterSelect } from "../../ui/filters.tsx";
import { Input, Select } from "../../ui/input.tsx";
import { ACTION_GROUPS, ACTION_TEXT } from "./action-text.ts";
import type { FilterValues } from "./use-events.ts";
import type { Names } from "./use-names.ts";

interface AuditFiltersProps {
  readonly values: FilterValues;
  readonly names: Names;
  readonly onChange: (changes: Partial<FilterValues>) => void;
}

export function AuditFilters({ values, names, onChange }: AuditFiltersProps) {
  const servers = useAllServers();
  const [isPicking, setIsPicking] = useState(false);
  return (
    <Filters>
      <ActionSelect value={values.action} onChange={(action) => onChange({ action })} />
      <FilterSelect
        label="Server"
        all="All servers"
        value={values.server}
        options={servers.map(({ id, name }) => [id, name])}
        onChange={(server) => onChange({ server })}
      />
      <FilterSelect
        label="Outcome"
        all="All outcomes"
        value={values.outcome}
        options={[
          ["ok", "Done"],
          ["refused", "Refused"],
        ]}
        onChange={(outcome) => onChange({ outcome })}
      />
      <DateFilter label="From" value={values.since} onChange={(since) => onChange({ since })} />
      <DateFilter label="Until" value={values.until} onChange={(until) => onChange({ until })} />
      {values.identity === null ? (
        <Button icon={UserSearch} onClick={() => setIsPicking(true)}>
          About somebody
        </Button>
      ) : (
        <FilterChip removeLabel="Show events about everyone" onRemove={() => onChange({ identity: null, kind: null })}>
          About {aboutText(values, names)}
        </FilterChip>
      )}
      {values.actor === null ? null : (
        <FilterChip removeLabel="Show events by everyone" onRemove={() => onChange({ actor: null })}>
          By {byText(values.actor, names)}
        </FilterChip>
      )}
      <PickDialog
        isOpen={isPicking}
        onClose={() => setIsPicking(false)}
        title="Events about whom?"
        isSingle
        kinds={["user", "virtual_key"]}
        taken={new Set()}
        onPick={([picked]) => {
          if (picked !== undefined) onChange({ kind: picked.kind, identity: picked.id });
        }}
      />
    </Filters>
  );
}

function aboutText({ kind, identity }: FilterValues, names: Names): string {
  const id = identity ?? "";
  return identityText({ auth_mode: (kind ?? "user") as AuthMode, id, name: names(id) });
}

function byText(actor: string, names: Names): string {
  if (actor === "system") return "Keyward";
  const id = actor.slice(actor.indexOf(":") + 1);
  return names(id) ?? id;
}

interface ActionSelectProps {
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

function ActionSelect({ value, onChange }: ActionSelectProps) {
  const actions = Object.keys(ACTION_TEXT) as readonly AuditAction[];
  return (
    <Select
      aria-label="Event"
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value === "" ? null : event.target.value)}
      className="sm:w-44"
    >
      <option value="">All events</option>
      {ACTION_GROUPS.map(([label, prefix]) => (
        <optgroup key={prefix} label={label}>
          {actions
            .filter((action) => action.startsWith(prefix))
            .map((action) => (
              <option key={action} value={action}>
                {ACTION_TEXT[action]}
              </option>
            ))}
        </optgroup>
      ))}
    </Select>
  );
}

interface DateFilterProps {
  readonly label: string;
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

function DateFilter({ label, value, onChange }: DateFilterProps) {
  return (
    <label className="flex min-w-0 items-center gap-2 max-sm:grid max-sm:gap-1">
      <span className="text-soft">{label}</span>
      <Input
        type="date"
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value === "" ? null : event.target.value)}
        className="sm:w-38"
      />
    </label>
  );
}
