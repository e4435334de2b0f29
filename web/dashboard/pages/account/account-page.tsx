import { PageHeader } from "../../ui/page-header.tsx";
import { PasswordSection } from "./password-section.tsx";
import { ProfileSection } from "./profile-section.tsx";
import { SessionsSection } from "./sessions-section.tsx";
import { ThemeSection } from "./theme-section.tsx";

export function AccountPage() {
  return (
    <>
      <PageHeader title="Account" description="Who you are here, and where you are signed in." />
      <div className="grid gap-8">
        <ProfileSection />
        <PasswordSection />
        <ThemeSection />
        <SessionsSection />
      </div>
    </>
  );
}
