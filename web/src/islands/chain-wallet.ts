/** Fills in the address that a wallet shows, and sends the form that asks for an offer. */
import { toast } from "../toasts";
import { chooseWallet, connect, WalletError } from "../wallet";

export function mount(root: HTMLElement): void {
  const button = root.querySelector<HTMLButtonElement>("button[data-connect]");
  const input = root.querySelector<HTMLInputElement>("input[name='wallet']");
  if (!(root instanceof HTMLFormElement) || !button || !input) return;
  button.hidden = false;
  button.addEventListener("click", () => void fill(root, input));
}

async function fill(form: HTMLFormElement, input: HTMLInputElement): Promise<void> {
  try {
    const { provider } = await chooseWallet();
    input.value = await connect(provider);
    form.requestSubmit();
  } catch (error) {
    const known = error instanceof WalletError;
    toast("error", "No wallet was connected", known ? error.message : "Try again.");
  }
}
