import { ChevronsUpDown, LogOut, UserRound } from "lucide-react";
import { useLocation } from "wouter";
import { Menu, MenuChoice, MenuItem, MenuLine } from "../ui/menu.tsx";
import { useSession } from "./session.tsx";
import { chooseTheme, useTheme, type Theme } from "./theme.ts";
import { useSignOut } from "./use-sign-out.ts";

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function AccountMenu({ onFollow }: { readonly onFollow?: () => void }) {
  const { user } = useSession();
  const [, navigate] = useLocation();
  const signOut = useSignOut();
  const theme = useTheme();
  return (
    <Menu
      side="top"
      align="start"
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-2.5 rounded-md px-2.5 py-2 text-left transition-colors hover:bg-muted data-[state=open]:bg-muted"
        >
          <span className="sr-only">Account:</span>
          <span className="min-w-0 grow">
            <span className="block truncate font-medium">{user.name}</span>
            <span className="block truncate text-sm text-soft">{user.email}</span>
          </span>
          <ChevronsUpDown aria-hidden="true" className="size-4 shrink-0 text-soft" />
        </button>
      }
    >
      <MenuItem
        icon={UserRound}
        onSelect={() => {
          onFollow?.();
          navigate("/account");
        }}
      >
        Account
      </MenuItem>
      <MenuLine />
      <MenuChoice label="Theme" value={theme} options={THEMES} onChange={chooseTheme} />
      <MenuLine />
      <MenuItem icon={LogOut} onSelect={() => signOut.mutate()}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
