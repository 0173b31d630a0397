/** Pays an offer with a wallet: the right account and chain, a permit for a token, one transaction. */
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

/** As the marketplace's ChainCall. */
interface Call {
  to: string;
  value: string;
  data: string;
  permit: TypedData | null;
}

const WORD = 64;

export function mount(root: HTMLElement): void {
  const button = root.querySelector<HTMLButtonElement>("button[data-pay]");
  const chain = root.dataset["chain"];
  const call = root.dataset["call"];
  if (!button || !chain || !call) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (button.hasAttribute("aria-busy")) return;
    void pay(root, button, JSON.parse(chain) as WalletChain, JSON.parse(call) as Call);
  });
}

async function pay(
  root: HTMLElement,
  button: HTMLButtonElement,
  chain: WalletChain,
  call: Call,
): Promise<void> {
  const label = button.querySelector("[data-label]") ?? button;
  const words = label.textContent;
  button.setAttribute("aria-busy", "true");
  label.textContent = "Answer in your wallet…";
  // What an earlier try ended with would contradict what comes now.
  for (const old of document.querySelectorAll("#toasts .tone-error")) old.remove();
  try {
    const hash = await send(root.dataset["wallet"] ?? "", chain, call);
    label.textContent = "Sent, waiting for a block…";
    await hint(root.dataset["hint"], hash);
  } catch (error) {
    button.removeAttribute("aria-busy");
    label.textContent = words;
    const known = error instanceof WalletError;
    toast(
      "error",
      "Nothing was paid",
      known ? error.message : "The wallet could not do that. Look into the wallet, then try again.",
    );
  }
}

async function send(wallet: string, chain: WalletChain, call: Call): Promise<string> {
  const { provider } = await chooseWallet();
  const account = await connect(provider);
  if (account.toLowerCase() !== wallet) {
    throw new WalletError(
      "refused",
      `This offer is for ${wallet}, and the wallet shows ${account.toLowerCase()}. Choose the ` +
        "other account there, or ask for a new offer.",
    );
  }
  await ensureChain(provider, chain);
  let data = call.data;
  if (call.permit) {
    const signature = await signTypedData(provider, account, call.permit);
    data += permitWords(call.permit, signature);
  }
  return await sendTransaction(provider, chain, {
    from: account,
    to: call.to,
    value: BigInt(call.value),
    data,
  });
}

/** Value, deadline, v, r and s of a permit, as the contract decodes them. */
function permitWords(permit: TypedData, signature: string): string {
  const raw = signature.slice(2);
  const last = Number.parseInt(raw.slice(2 * WORD, 2 * WORD + 2), 16);
  const parity = last < 27 ? last + 27 : last;
  const { value, deadline } = permit.message as { value: string; deadline: string };
  const numbers = [BigInt(value), BigInt(deadline), BigInt(parity)];
  const words = numbers.map((number) => number.toString(16).padStart(WORD, "0"));
  return words.join("") + raw.slice(0, 2 * WORD);
}

/** The transaction is sent: whatever becomes of this message, the chain decides. */
async function hint(url: string | undefined, hash: string): Promise<void> {
  if (!url) return;
  try {
    await fetch(url, {
      method: "POST",
      keepalive: true,
      headers: { "content-type": "application/json", "x-csrf-token": csrfToken() },
      body: JSON.stringify({ transaction_hash: hash }),
    });
  } catch {
    // the chain tells the marketplace as well
  }
}
