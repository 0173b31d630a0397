"""Parameters that every list takes."""

from typing import Annotated

from litestar.params import Parameter

from souk.kernel.paging import MAX_LIMIT

Limit = Annotated[int, Parameter(ge=1, le=MAX_LIMIT, description="items on a page")]
