"""The order of the steps while the marketplace runs."""

from pathlib import Path

from souk.apps.demo import afterwards, buying, owning, selling
from souk.apps.demo.marketplace import ThrowAwayMarketplace
from souk.apps.demo.mp import Mp
from souk.apps.demo.stage import Stage
from souk.apps.demo.story import Story, register


def live(stage: Stage, market: ThrowAwayMarketplace, folder: Path) -> tuple[Mp, Path]:
    """From sign-up to refund; the buyer's `mp` and the folder with what was bought."""
    story = Story(stage, market, folder)
    maya, noor, ines = (
        story.person(name) for name in ("Maya Seller", "Noor Buyer", "Ines Affiliate")
    )
    with stage.step("A seller signs up"):
        selling.sign_up(story, maya)
    with stage.step("She trains a real model"):
        work = selling.train(story)
    with stage.step("She publishes it"):
        model = selling.publish_model(story, maya, work)
    with stage.step("She publishes a dataset from her shell"):
        dataset = selling.publish_dataset(story, maya)
    with stage.step("A buyer signs up and puts money in"):
        selling.sign_up(story, noor)
        register(ines)
        buying.deposit(story, noor)
    with stage.step("He searches in plain words"):
        buying.search(story, noor, model)
    with stage.step("Somebody without money tries to buy"):
        buying.refuse_the_poor(story, ines, maya, model)
    with stage.step("He buys, and the money is split"):
        order = buying.buy(story, noor, maya, ines, model)
    with stage.step("Licence and provenance exist"):
        owning.see_rights(story, noor, order)
    with stage.step("He downloads; the connection breaks; he goes on"):
        downloaded = owning.download(story, noor, model)
    with stage.step("He uses what he bought"):
        owning.use(story, downloaded)
    with stage.step("The seller sees her revenue"):
        afterwards.see_revenue(story, maya, model)
    with stage.step("Both were told"):
        afterwards.see_notices(story, noor, maya, order)
    with stage.step("Another order is given back"):
        afterwards.refund(story, noor, maya, dataset)
        afterwards.keep_what_was_downloaded(story, noor, order)
    for person in (maya, noor, ines):
        person.souk.close()
    return noor.mp, downloaded
