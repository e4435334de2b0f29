import type { Role } from "../../app/api-shapes.ts";
import { RadioCards } from "../../ui/radio-cards.tsx";

interface RoleFieldProps {
  readonly role: Role;
  readonly onChange: (role: Role) => void;
}

export function RoleField({ role, onChange }: RoleFieldProps) {
  return (
    <RadioCards
      label="Role"
      isLabelShown
      value={role}
      options={[
        ["user", "User", "Sees and changes what is their own."],
        ["admin", "Administrator", "May do everything here, but is never shown a stored value either."],
      ]}
      onChange={onChange}
    />
  );
}
