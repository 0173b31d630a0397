"""Content by its CID: names, UnixFS trees and CAR files, made and checked without a server.

A tree is of the profile `unixfs-v1-2025` of IPIP-499 (CIDv1, raw leaves of 1 MiB, at most 1024
links a node, balanced, directories sharded past 256 KiB), so that any current IPFS importer makes
the same names from the same bytes. Pure: no input or output.
"""

from souk_client.proofs.ipfs.car import CarReader, car_frame, car_header
from souk_client.proofs.ipfs.cids import DAG_PB, RAW, Cid, parse_cid, read_cid
from souk_client.proofs.ipfs.dagpb import PbLink, PbNode, decode_node, encode_node
from souk_client.proofs.ipfs.files import CHUNK_BYTES, FileHasher, chunk_lengths, file_dag
from souk_client.proofs.ipfs.trees import Dag, Entry, directory_dag
from souk_client.proofs.ipfs.unixfs import UnixFs, UnixFsKind, read_unixfs

__all__ = [
    "CHUNK_BYTES",
    "DAG_PB",
    "RAW",
    "CarReader",
    "Cid",
    "Dag",
    "Entry",
    "FileHasher",
    "PbLink",
    "PbNode",
    "UnixFs",
    "UnixFsKind",
    "car_frame",
    "car_header",
    "chunk_lengths",
    "decode_node",
    "directory_dag",
    "encode_node",
    "file_dag",
    "parse_cid",
    "read_cid",
    "read_unixfs",
]
