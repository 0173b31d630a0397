/** What goes wrong with wallets, in words for the person who holds one. */

/** A question to a wallet (EIP-1193). */
export interface Ask {
  method: string;
  params?: unknown[];
}

/** A wallet as EIP-1193 describes it. */
export interface WalletProvider {
  request(ask: Ask): Promise<unknown>;
  on?(event: string, listener: (...values: unknown[]) => void): void;
  removeListener?(event: string, listener: (...values: unknown[]) => void): void;
}

export type WalletProblem =
  | "none" // there is no wallet in this browser
  | "refused" // the user said no
  | "busy" // an earlier question waits in the wallet
  | "locked" // no account may be seen
  | "unsupported" // the wallet cannot do this
  | "disconnected" // the wallet reaches no chain
  | "chain_unknown" // the wallet does not have this chain
  | "chain_wrong" // the wallet stays on another chain
  | "failed"; // anything else; the message has the wallet's own words

/** A failure with a wallet; `message` is a sentence that can be shown. */
export class WalletError extends Error {
  readonly problem: WalletProblem;

  constructor(problem: WalletProblem, message: string) {
    super(message);
    this.name = "WalletError";
    this.problem = problem;
  }
}

const BY_CODE: Record<number, [WalletProblem, string]> = {
  4001: ["refused", "You declined in the wallet. Nothing was signed or sent."],
  4100: ["locked", "The wallet does not let this page use that account. Connect it first."],
  4200: ["unsupported", "This wallet cannot do that. Try another one."],
  4900: ["disconnected", "The wallet has no connection. Check it, then try again."],
  4901: ["disconnected", "The wallet has no connection to this chain. Check it, then try again."],
  4902: ["chain_unknown", "The wallet does not know this chain. Add it there, then try again."],
  [-32002]: ["busy", "The wallet waits for your answer already. Open it and answer there."],
  [-32601]: ["unsupported", "This wallet cannot do that. Try another one."],
};
const SHOWN_CHARS = 200;

/** What a wallet threw as a WalletError. */
export function walletError(thrown: unknown): WalletError {
  if (thrown instanceof WalletError) return thrown;
  const known = codesOf(thrown).map((code) => BY_CODE[code]).find((one) => one !== undefined);
  if (known) return new WalletError(...known);
  const words = (thrown as { message?: unknown } | null)?.message;
  const said = typeof words === "string" ? words.slice(0, SHOWN_CHARS) : "no reason given";
  return new WalletError("failed", `The wallet could not do that (${said}).`);
}

/** The code, and the one inside: phones' wallets wrap what the wallet itself said. */
function codesOf(thrown: unknown): number[] {
  const outer = thrown as { code?: unknown; data?: { originalError?: { code?: unknown } } } | null;
  const codes = [outer?.data?.originalError?.code, outer?.code];
  return codes.filter((code): code is number => typeof code === "number");
}
