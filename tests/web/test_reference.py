"""The reference that comes with the pages."""

from souk.web.reference import reference, reference_names


def test_the_reference_is_read_from_the_docs() -> None:
    names = reference_names()
    assert names[:2] == ["api", "errors"]
    for name in names:
        page = reference(name)
        assert page is not None and page.title and "<script" not in page.html


def test_a_problem_type_leads_to_its_code() -> None:
    page = reference("errors")
    assert page is not None and 'id="idempotency_key_required"' in page.html


def test_there_is_no_way_out_of_the_folder() -> None:
    assert reference("../decisions/0001") is None
    assert reference("nothing") is None
