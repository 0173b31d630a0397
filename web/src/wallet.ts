/** Wallets in the browser: found by EIP-6963, asked by EIP-1193. Every failure is a WalletError. */
import { type Ask, type WalletProvider, WalletError, walletError } from "./wallet/errors";

export { type WalletProvider, type WalletProblem, WalletError } from "./wallet/errors";
export { discover, type FoundWallet } from "./wallet/discovery";
export { chooseWallet } from "./wallet/choose";

/** A chain, with what a wallet needs to add it (EIP-3085). */
export interface WalletChain {
  id: number;
  name: string;
  coin: { name: string; symbol: string; decimals: number };
  rpcUrls: string[];
  explorerUrls?: string[];
}

/** What EIP-712 signs; `types` holds EIP712Domain too. Numbers past 2^53 are decimal strings. */
export interface TypedData {
  domain: Record<string, unknown>;
  types: Record<string, { name: string; type: string }[]>;
  primaryType: string;
  message: Record<string, unknown>;
}

/** A transaction to be paid from `from`; amounts in wei. */
export interface WalletTransaction {
  from: string;
  to: string;
  value?: bigint;
  data?: string;
}

/** Asks for the user's account; answers its address as the wallet writes it. */
export async function connect(provider: WalletProvider): Promise<string> {
  const accounts = await asked<string[]>(provider, { method: "eth_requestAccounts" });
  const account = accounts[0];
  if (!account) {
    throw new WalletError("locked", "The wallet gave no account. Unlock it, then try again.");
  }
  return account;
}

/** The account that was connected before, without asking; null when there is none. */
export async function connected(provider: WalletProvider): Promise<string | null> {
  return (await asked<string[]>(provider, { method: "eth_accounts" }))[0] ?? null;
}

/** The id of the chain that the wallet is on. */
export async function chainOf(provider: WalletProvider): Promise<number> {
  return Number(BigInt(await asked<string>(provider, { method: "eth_chainId" })));
}

/** Puts the wallet on a chain (EIP-3326), adding it first where the wallet does not know it. */
export async function ensureChain(provider: WalletProvider, chain: WalletChain): Promise<void> {
  if ((await chainOf(provider)) === chain.id) return;
  const chainId = `0x${chain.id.toString(16)}`;
  const change: Ask = { method: "wallet_switchEthereumChain", params: [{ chainId }] };
  try {
    await asked(provider, change);
  } catch (error) {
    if (!(error instanceof WalletError) || error.problem !== "chain_unknown") throw error;
    if (chain.rpcUrls.length === 0) throw error;
    await asked(provider, {
      method: "wallet_addEthereumChain",
      params: [
        {
          chainId,
          chainName: chain.name,
          nativeCurrency: chain.coin,
          rpcUrls: chain.rpcUrls,
          ...(chain.explorerUrls?.length ? { blockExplorerUrls: chain.explorerUrls } : {}),
        },
      ],
    });
    // Some wallets add a chain without going there.
    if ((await chainOf(provider)) !== chain.id) await asked(provider, change);
  }
  if ((await chainOf(provider)) !== chain.id) throw wrongChain(chain);
}

/** Signs a text (ERC-191 personal_sign); answers the signature in hexadecimal. */
export async function signMessage(
  provider: WalletProvider,
  account: string,
  text: string,
): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return await asked<string>(provider, { method: "personal_sign", params: [`0x${hex}`, account] });
}

/** Signs a typed structure (EIP-712); answers the signature in hexadecimal. */
export async function signTypedData(
  provider: WalletProvider,
  account: string,
  data: TypedData,
): Promise<string> {
  return await asked<string>(provider, {
    method: "eth_signTypedData_v4",
    params: [account, JSON.stringify(data)],
  });
}

/** Sends a transaction on that chain and no other; answers its hash as soon as it is sent. */
export async function sendTransaction(
  provider: WalletProvider,
  chain: WalletChain,
  transaction: WalletTransaction,
): Promise<string> {
  if ((await chainOf(provider)) !== chain.id) throw wrongChain(chain);
  const { from, to, value = 0n, data } = transaction;
  return await asked<string>(provider, {
    method: "eth_sendTransaction",
    params: [{ from, to, value: `0x${value.toString(16)}`, ...(data ? { data } : {}) }],
  });
}

async function asked<T>(provider: WalletProvider, ask: Ask): Promise<T> {
  try {
    return (await provider.request(ask)) as T;
  } catch (error) {
    throw walletError(error);
  }
}

function wrongChain(chain: WalletChain): WalletError {
  return new WalletError(
    "chain_wrong",
    `The wallet is on another chain. Switch it to ${chain.name}, then try again.`,
  );
}
