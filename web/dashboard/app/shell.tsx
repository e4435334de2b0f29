import { Menu as MenuIcon, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { IconButton } from "../ui/button.tsx";
import { Mark } from "../ui/mark.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { Nav } from "./nav.tsx";

/** What stands around every page of whoever is signed in: navigation at the side, in a sheet where there is no room. */
export function Shell({ children }: { readonly children: ReactNode }) {
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[248px_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:px-3 focus:py-2"
      >
        Skip to content
      </a>
      <aside
        aria-label="Sidebar"
        className="sticky top-0 hidden h-dvh flex-col gap-6 overflow-y-auto border-r border-line bg-surface p-3 lg:flex"
      >
        <Home />
        <div className="grow">
          <Nav />
        </div>
        <AccountMenu />
      </aside>
      <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b border-line bg-surface px-3 lg:hidden">
        <Sheet />
        <Home />
      </header>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-6xl px-4 pt-6 pb-16 sm:px-8 lg:pt-10">
        {children}
      </main>
    </div>
  );
}

function Home() {
  return (
    <Link href="/" className="flex h-9 items-center gap-2 rounded px-2 text-lg font-semibold tracking-tight">
      <Mark />
      Keyward
    </Link>
  );
}

function Sheet() {
  const [isOpen, setIsOpen] = useState(false);
  const close = (): void => setIsOpen(false);
  return (
    <Dialog.Root open={isOpen} onOpenChange={setIsOpen}>
      <Dialog.Trigger asChild>
        <IconButton icon={MenuIcon} label="Open navigation" />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-appear bg-veil lg:hidden" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-40 flex w-72 max-w-[85vw] animate-slide flex-col gap-6 overflow-y-auto border-r border-line bg-raised p-3 lg:hidden"
        >
          <Dialog.Title className="sr-only">Navigation</Dialog.Title>
          <div className="flex items-center justify-between">
            <Home />
            <Dialog.Close asChild>
              <IconButton icon={X} label="Close navigation" />
            </Dialog.Close>
          </div>
          <div className="grow">
            <Nav onFollow={close} />
          </div>
          <AccountMenu onFollow={close} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
