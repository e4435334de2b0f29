import { Eye, EyeOff } from "lucide-react";
import { useState, type ComponentProps } from "react";
import { IconButton } from "./button.tsx";
import { cx } from "./class-names.ts";
import { Input } from "./input.tsx";

interface PasswordInputProps extends Omit<ComponentProps<"input">, "type"> {
  /** What is hidden: "password". */
  readonly noun?: string;
}

/** Hidden unless asked for. Give `autoComplete` so that password managers know what it is. */
export function PasswordInput({ noun = "password", className, ...props }: PasswordInputProps) {
  const [isShown, setIsShown] = useState(false);
  return (
    <span className="relative block">
      <Input
        autoCapitalize="off"
        spellCheck={false}
        {...props}
        type={isShown ? "text" : "password"}
        className={cx("pr-10", className)}
      />
      <IconButton
        size="sm"
        icon={isShown ? EyeOff : Eye}
        label={`${isShown ? "Hide" : "Show"} ${noun}`}
        onClick={() => setIsShown(!isShown)}
        className="absolute top-0.5 right-0.5"
      />
    </span>
  );
}
