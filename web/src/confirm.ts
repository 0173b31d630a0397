/** Forms with data-confirm ask first, in the page's own dialog (templates/base.html holds it). */
export function startConfirmations(): void {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target as HTMLFormElement;
      const question = form.dataset["confirm"];
      const dialog = document.getElementById("confirm") as HTMLDialogElement | null;
      if (!question || !dialog || form.dataset["confirmed"] !== undefined) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const submitter = (event as SubmitEvent).submitter;
      const text = dialog.querySelector("[data-question]");
      if (text) text.textContent = question;
      dialog.returnValue = "";
      dialog.addEventListener(
        "close",
        () => {
          if (dialog.returnValue !== "yes") return;
          form.dataset["confirmed"] = "";
          form.requestSubmit(submitter instanceof HTMLElement ? submitter : null);
          delete form.dataset["confirmed"];
        },
        { once: true },
      );
      dialog.showModal();
    },
    { capture: true },
  );
}
