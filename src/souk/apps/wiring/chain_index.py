"""What is on the chains: facts, contracts and tokens, licences as tokens, their resale."""

from dataclasses import dataclass

from souk.apps.wiring.chain import Chain
from souk.apps.wiring.parts import Core, Parts
from souk.rights.chain_index.facts import FactBook
from souk.rights.chain_index.service import ChainService


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainIndex:
    chains: ChainService
    facts: FactBook
    parts: Parts


def wire_chain_index(core: Core, *, chain: Chain) -> ChainIndex:
    chains = ChainService(chain.configured)
    facts = FactBook()
    return ChainIndex(
        chains=chains,
        facts=facts,
        parts=Parts(
            services={"chains": chains, "chain_facts": facts},
            on_close=[chains.close],
        ),
    )
