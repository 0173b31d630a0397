/** A form that a wallet fills in: it signs a message of the marketplace (EIP-4361), then it goes. */
import { csrfToken } from "../requests";
import { readProblem, toast } from "../toasts";
import { chainOf, chooseWallet, connect, signMessage, WalletError } from "../wallet";

const FAILED = "The wallet was not used";

export function mount(form: HTMLElement): void {
  const button = form.querySelector<HTMLButtonElement>("[data-wallet-button]");
  if (!(form instanceof HTMLFormElement) || !button) return;
  button.hidden = false;
  form.addEventListener(
    "submit",
    (event) => {
      if (field(form, "signature").value) return; // signed: now it goes to the marketplace
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!button.hasAttribute("aria-busy")) void fill(form, button);
    },
    { capture: true },
  );
  // A page that the browser kept holds a message that was used.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) field(form, "signature").value = "";
  });
}

async function fill(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  const label = button.querySelector("[data-label]") ?? button;
  const words = label.textContent;
  button.setAttribute("aria-busy", "true");
  label.textContent = "Answer in your wallet…";
  try {
    const { provider } = await chooseWallet();
    const account = await connect(provider);
    const message = await challenge(
      account,
      await chainOf(provider),
      form.dataset["purpose"] ?? "sign_in",
    );
    const signature = await signMessage(provider, account, message);
    field(form, "message").value = message;
    field(form, "signature").value = signature;
    form.requestSubmit();
  } catch (error) {
    if (error instanceof WalletError) toast("error", FAILED, error.message);
    else toast("error", "No connection", "The marketplace could not be reached. Try again.");
  } finally {
    button.removeAttribute("aria-busy");
    label.textContent = words;
  }
}

async function challenge(address: string, chainId: number, purpose: string): Promise<string> {
  const answer = await fetch("/api/v1/auth/wallet/challenge", {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": csrfToken() },
    body: JSON.stringify({ address, chain_id: chainId, purpose }),
  });
  const text = await answer.text();
  if (answer.ok) return (JSON.parse(text) as { message: string }).message;
  const problem = readProblem(answer.status, answer.headers.get("content-type"), text);
  throw new WalletError("failed", problem.detail || problem.title);
}

function field(form: HTMLFormElement, name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement;
}
