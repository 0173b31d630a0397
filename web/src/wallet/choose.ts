/** Which wallet: the only one without a question, one of several from a dialog. */
import { discover, type FoundWallet } from "./discovery";
import { WalletError } from "./errors";

/** The wallet to use. Throws WalletError `none` without one, `refused` when none was chosen. */
export async function chooseWallet(): Promise<FoundWallet> {
  const wallets = await discover();
  const [first] = wallets;
  if (!first) {
    throw new WalletError(
      "none",
      "There is no wallet in this browser. Install one as an extension, or open this page in " +
        "the browser of a wallet app.",
    );
  }
  return wallets.length === 1 ? first : await ask(wallets);
}

function ask(wallets: FoundWallet[]): Promise<FoundWallet> {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  dialog.setAttribute("aria-labelledby", "wallet-choice-title");
  const form = document.createElement("form");
  form.method = "dialog";
  const title = document.createElement("h2");
  title.id = "wallet-choice-title";
  title.textContent = "Which wallet?";
  const list = document.createElement("div");
  list.className = "wallet-choice";
  list.append(...wallets.map(choiceOf));
  const actions = document.createElement("div");
  actions.className = "ask-actions";
  const cancel = document.createElement("button");
  cancel.className = "btn btn-quiet";
  cancel.value = "";
  cancel.textContent = "Cancel";
  actions.append(cancel);
  form.append(title, list, actions);
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve, reject) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      const chosen = wallets.find((wallet) => wallet.id === dialog.returnValue);
      if (chosen) resolve(chosen);
      else reject(new WalletError("refused", "No wallet was chosen. Nothing was signed or sent."));
    });
    dialog.showModal();
  });
}

function choiceOf(wallet: FoundWallet): HTMLButtonElement {
  const button = document.createElement("button");
  button.className = "btn";
  button.value = wallet.id;
  if (wallet.icon) {
    const image = document.createElement("img");
    image.src = wallet.icon;
    image.alt = "";
    image.width = image.height = 24;
    button.append(image);
  }
  button.append(wallet.name);
  return button;
}
