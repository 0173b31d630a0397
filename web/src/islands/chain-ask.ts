/** Offers a licence for sale: the wallet lets the market move its token, then signs the ask. */
import { csrfToken } from "../requests";
import { toast } from "../toasts";
import {
  chooseWallet,
  connect,
  ensureChain,
  sendTransaction,
  signTypedData,
  type TypedData,
  type WalletChain,
  WalletError,
} from "../wallet";

/** As the marketplace's OwnAsk. */
interface OwnAsk {
  ask: { id: string; seller: string };
  to_sign: TypedData;
  approve: { to: string; value: string; data: string };
}

export function mount(root: HTMLElement): void {
  const button = root.querySelector<HTMLButtonElement>("button[data-sign]");
  const chain = root.dataset["chain"];
  const ask = root.dataset["ask"];
  if (!button || !chain || !ask) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (button.hasAttribute("aria-busy")) return;
    void offer(button, JSON.parse(chain) as WalletChain, JSON.parse(ask) as OwnAsk);
  });
}

async function offer(button: HTMLButtonElement, chain: WalletChain, own: OwnAsk): Promise<void> {
  const label = button.querySelector("[data-label]") ?? button;
  const words = label.textContent;
  button.setAttribute("aria-busy", "true");
  label.textContent = "Answer in your wallet…";
  try {
    await putUp(chain, own);
    location.reload();
  } catch (error) {
    button.removeAttribute("aria-busy");
    label.textContent = words;
    const known = error instanceof WalletError;
    toast(
      "error",
      "Nothing is offered yet",
      known ? error.message : "The wallet could not do that. Look into the wallet, then try again.",
    );
  }
}

async function putUp(chain: WalletChain, own: OwnAsk): Promise<void> {
  const { provider } = await chooseWallet();
  const account = await connect(provider);
  if (account.toLowerCase() !== own.ask.seller) {
    throw new WalletError(
      "refused",
      `The token is in ${own.ask.seller}, and the wallet shows ${account.toLowerCase()}. Choose ` +
        "the other account there.",
    );
  }
  await ensureChain(provider, chain);
  const { to, value, data } = own.approve;
  await sendTransaction(provider, chain, { from: account, to, value: BigInt(value), data });
  const signature = await signTypedData(provider, account, own.to_sign);
  const answer = await fetch(`/api/v1/asks/${own.ask.id}/signature`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": csrfToken() },
    body: JSON.stringify({ signature }),
  });
  if (!answer.ok) throw new WalletError("refused", "The signature was not taken. Try again.");
}
