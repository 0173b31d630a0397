"""A licensed work's bytes leave for those who have a right to them, and for nobody else."""

import secrets

import httpx
import psycopg
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import LicenceTerms, ListingUpdate, OfferRequest
from souk_client.sdk import Souk
from tests.admins import admin_of
from tests.delivery.ipfs.checker import files_below, read_car
from tests.delivery.ipfs.market import (
    await_cid,
    file_cid,
    folder_cid,
    key_of,
    publish_files,
)
from tests.market import funded, sign_up

MIB = 2**20
