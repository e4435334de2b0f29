import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { AdminTokens } from "./admin-tokens.tsx";
import { Configuration } from "./configuration.tsx";

export function SettingsPage() {
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/settings", { signal })),
  });
  return (
    <>
      <PageHeader
        title="Settings"
        description="How this Keyward is configured. The configuration is changed where it is started, not here."
      />
      <div className="grid gap-8 [&>:first-child]:border-t-0 [&>:first-child]:pt-0">
        {settings.isPending ? <SkeletonRows label="Loading the settings" /> : null}
        {settings.error !== null && settings.data === undefined ? (
          <ErrorState error={settings.error} retry={() => void settings.refetch()} />
        ) : null}
        {settings.data === undefined ? null : <Configuration settings={settings.data} />}
        <AdminTokens />
      </div>
    </>
  );
}
