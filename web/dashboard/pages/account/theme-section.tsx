import { chooseTheme, useTheme } from "../../app/theme.ts";
import { Section } from "../../ui/section.tsx";
import { SegmentedControl } from "../../ui/segmented-control.tsx";

export function ThemeSection() {
  const theme = useTheme();
  return (
    <Section title="Theme" description="Kept in this browser.">
      <SegmentedControl
        label="Theme"
        value={theme}
        onChange={chooseTheme}
        options={[
          ["system", "As the system"],
          ["light", "Light"],
          ["dark", "Dark"],
        ]}
      />
    </Section>
  );
}
