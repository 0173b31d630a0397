// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-4907: a user beside the owner, for a time. Its interface id is 0xad092b5c.
interface IERC4907 {
    event UpdateUser(uint256 indexed tokenId, address indexed user, uint64 expires);

    /// @notice Lends the token to `user` until `expires` (seconds since 1970).
    function setUser(uint256 tokenId, address user, uint64 expires) external;

    /// @notice Who borrows it now; zero when nobody does.
    function userOf(uint256 tokenId) external view returns (address);

    /// @notice Until when it is lent.
    function userExpires(uint256 tokenId) external view returns (uint256);
}
