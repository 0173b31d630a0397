/**
 * The theme is a cookie that the server reads, so a page arrives in the right colours; the forms that
 * set it work without scripts. Here they only stop reloading the page.
 */
export function startThemeSwitch(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("form[data-theme-form]")) return;
    const submitter = (event as SubmitEvent).submitter as HTMLButtonElement | null;
    const choice = submitter?.value;
    if (choice !== "day" && choice !== "night" && choice !== "system") return;
    event.preventDefault();
    void fetch(form.action, {
      method: "POST",
      body: new FormData(form, submitter),
      headers: { accept: "application/json" },
      redirect: "manual",
    });
    apply(choice);
    for (const button of form.querySelectorAll<HTMLButtonElement>("button[name='theme']")) {
      button.setAttribute("aria-pressed", String(button.value === choice));
    }
  });
}

function apply(choice: "day" | "night" | "system"): void {
  const root = document.documentElement;
  if (choice === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = choice;
  document.dispatchEvent(new CustomEvent("souk:theme"));
}
