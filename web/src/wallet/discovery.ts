/** The wallets of this browser, as they announce themselves (EIP-6963). */
import type { WalletProvider } from "./errors";

export interface FoundWallet {
  id: string;
  name: string;
  /** A data: address of an image, or empty. */
  icon: string;
  provider: WalletProvider;
}

interface Announcement {
  info: { uuid: string; name: string; icon: string; rdns: string };
  provider: WalletProvider;
}

const WAIT_MS = 120;

/** Every wallet that answers in time; one that only sets window.ethereum counts when none does. */
export async function discover(waitMs = WAIT_MS): Promise<FoundWallet[]> {
  const found = new Map<string, FoundWallet>();
  const note = (event: Event): void => {
    const { info, provider } = (event as CustomEvent<Announcement>).detail;
    if (!info?.uuid || typeof provider?.request !== "function") return;
    const icon = info.icon?.startsWith("data:image/") ? info.icon : "";
    found.set(info.uuid, { id: info.uuid, name: info.name, icon, provider });
  };
  window.addEventListener("eip6963:announceProvider", note);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  window.removeEventListener("eip6963:announceProvider", note);
  if (found.size > 0) return [...found.values()];
  const old = (window as { ethereum?: WalletProvider }).ethereum;
  if (typeof old?.request !== "function") return [];
  return [{ id: "injected", name: "Wallet of this browser", icon: "", provider: old }];
}
